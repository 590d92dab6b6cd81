/** The words of memory whose versions are counted by their order, and what makes it necessary to recount them. */
import type { Model } from '../../engine/model.ts';
import type { Footprints } from '../learn/footprints.ts';
import type { Effect } from '../learn/learner.ts';
import type { Versions } from './versions.ts';

export class Ranking {
  readonly #model: Model;
  readonly #versions: Versions | undefined;
  #words: ReadonlySet<number>;
  /** Per effect: the words of memory whose versions it writes, as bits; bit 31 is all from the 31st on. */
  #rewritten = new Int32Array(64);
  #rewrittenCount = 0;

  /** All words, until {@link begin} says which. Without `versions` none. */
  constructor(model: Model, versions: Versions | undefined) {
    this.#model = model;
    this.#versions = versions;
    this.#words = new Set(versions ? this.#all : []);
  }

  get words(): ReadonlySet<number> {
    return this.#words;
  }

  get #all(): number[] {
    return this.#model.world.topology.words.map((_, word) => word);
  }

  /**
   * Versions of a word grow for ever only when somebody writes it in a loop; those of other words are as good as they
   * are. Without footprints about loops all words are taken to be written in one.
   */
  wanted(footprints: Footprints | undefined): Set<number> {
    if (!this.#versions) return new Set();
    if (!footprints) return new Set(this.#all);
    const loops = footprints.cycles();
    const { latest } = this.#model.world.memory;
    return new Set(this.#all.filter((word) => loops.some((location) => location.writes.has(latest.base + word))));
  }

  /** From now on these words. */
  begin(words: Iterable<number>): void {
    this.#words = new Set(words);
    this.#rewrittenCount = 0;
  }

  /** Counts the versions in a state. */
  apply(state: Int32Array): void {
    for (const word of this.#words) {
      this.#versions?.rank(
        word,
        (slot) => state[slot]!,
        (slot, value) => {
          state[slot] = value;
        },
      );
    }
  }

  /** The words of which one of the slots that hold a version is of a kind, as bits. */
  wordsWith(isMeant: (slot: number) => boolean): number {
    let bits = 0;
    this.#versions?.groups.forEach((slots, word) => {
      if (this.#words.has(word) && slots.some(isMeant)) bits |= bitOf(word);
    });
    return bits;
  }

  /** Per effect: the words whose versions it writes, as bits. Moves from `judgementMove` on are questions. */
  rewrittenBy(effects: readonly Effect[], judgementMove: number): Int32Array {
    if (this.#rewritten.length < effects.length) {
      const larger = new Int32Array(effects.length * 2);
      larger.set(this.#rewritten.subarray(0, this.#rewrittenCount));
      this.#rewritten = larger;
    }
    for (; this.#rewrittenCount < effects.length; this.#rewrittenCount++) {
      let bits = 0;
      const effect = effects[this.#rewrittenCount]!;
      // Recounting is the end of it.
      const slots = effect.move < judgementMove ? effect.writes.map((w) => w.slot) : [];
      for (const word of this.#versions?.wordsOf(slots) ?? []) if (this.#words.has(word)) bits |= bitOf(word);
      this.#rewritten[this.#rewrittenCount] = bits;
    }
    return this.#rewritten;
  }
}

/** Bit 31 is all words from the 31st on. */
function bitOf(word: number): number {
  return 1 << Math.min(word, 31);
}
