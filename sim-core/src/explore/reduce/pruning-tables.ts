/** Prunings in the form that the inner loop runs on: flat arrays, as everything in its {@link Tables}. */
import type { Tables } from '../expander.ts';
import { maskOf } from '../states/bundle.ts';
import type { Packing } from '../states/packing.ts';
import type { SlotValues } from '../states/slot-values.ts';
import type { Pruning } from './pruner.ts';
import type { Ranking } from './ranking.ts';

/** What a pruning does to packed states. */
export interface PruningMask {
  /** Bits to keep, and bits to set instead of those that are dead; one word for each of a state's. */
  readonly keep: Uint32Array;
  readonly set: Uint32Array;
  /** Words of memory whose versions must be recounted, as bits; bit 31 is all from the 31st on. */
  readonly ranks: number;
}

type PruningParts = Pick<
  Tables,
  'pruningOfEffect' | 'pruningMasks' | 'pruningRanks' | 'pruningIdle' | 'pruningPersistent' | 'persistent'
>;

export class PruningTables {
  readonly #moves: number;
  readonly #maskOf: (pruning: Pruning) => PruningMask;
  #pruningOfEffect = new Int32Array(64).fill(NO_PRUNING);
  #pruningMasks = new Uint32Array(0);
  #pruningRanks = new Int32Array(0);
  #pruningIdle = new Uint8Array(0);
  #pruningPersistent = new Int32Array(0);
  #persistent = new Int32Array(64);
  #persistentLength = 0;

  /** `maskOf` says what a pruning does in the packing of the moment. */
  constructor(moves: number, maskOf: (pruning: Pruning) => PruningMask) {
    this.#moves = moves;
    this.#maskOf = maskOf;
  }

  get tables(): PruningParts {
    return {
      pruningOfEffect: this.#pruningOfEffect,
      pruningMasks: this.#pruningMasks,
      pruningRanks: this.#pruningRanks,
      pruningIdle: this.#pruningIdle,
      pruningPersistent: this.#pruningPersistent,
      persistent: this.#persistent,
    };
  }

  /** Forgets all prunings. */
  clear(): void {
    this.#persistentLength = 0;
    this.#pruningOfEffect.fill(NO_PRUNING);
    this.#pruningMasks = new Uint32Array(0);
  }

  /** The pruning for the locations that an effect names. */
  setPruningOfEffect(effect: number, pruning: number): void {
    if (effect >= this.#pruningOfEffect.length) {
      const larger = new Int32Array(effect * 2).fill(NO_PRUNING);
      larger.set(this.#pruningOfEffect);
      this.#pruningOfEffect = larger;
    }
    this.#pruningOfEffect[effect] = pruning;
  }

  /** Enters a pruning under the next number. */
  enter(pruning: number, made: Pruning): void {
    const { persistent, idle } = made;
    const moves = this.#moves;
    if (pruning >= this.#pruningPersistent.length) {
      const room = pruning * 2 + 64;
      this.#pruningPersistent = grown(this.#pruningPersistent, room);
      this.#pruningRanks = grown(this.#pruningRanks, room);
      const larger = new Uint8Array(room * moves);
      larger.set(this.#pruningIdle);
      this.#pruningIdle = larger;
    }
    if (idle) this.#pruningIdle.set(idle, pruning * moves);
    else this.#pruningIdle.fill(0, pruning * moves, (pruning + 1) * moves);
    const encoded = [
      persistent.length,
      ...persistent.flatMap(({ actor, frozen }) => [actor, frozen.length, ...frozen]),
    ];
    if (this.#persistentLength + encoded.length > this.#persistent.length)
      this.#persistent = grown(this.#persistent, 2 * (this.#persistentLength + encoded.length));
    this.#pruningPersistent[pruning] = this.#persistentLength;
    this.#persistent.set(encoded, this.#persistentLength);
    this.#persistentLength += encoded.length;
    this.#mask(pruning, made);
  }

  /** The packing is another one: all masks are remade. */
  maskAgain(prunings: readonly Pruning[]): void {
    this.#pruningMasks = new Uint32Array(0);
    prunings.forEach((made, pruning) => {
      this.#mask(pruning, made);
    });
  }

  #mask(pruning: number, made: Pruning): void {
    const { keep, set, ranks } = this.#maskOf(made);
    const size = keep.length;
    const place = pruning * 2 * size;
    if (place + 2 * size > this.#pruningMasks.length) {
      const larger = new Uint32Array(Math.max(1024, 2 * (place + 2 * size)));
      larger.set(this.#pruningMasks);
      this.#pruningMasks = larger;
    }
    this.#pruningMasks.set(keep, place);
    this.#pruningMasks.set(set, place + size);
    this.#pruningRanks[pruning] = ranks;
  }
}

/** The bits of what is dead under a pruning, and the words of memory whose versions must then be recounted. */
export function maskBy({ live }: Pruning, packing: Packing, slotValues: SlotValues, ranking: Ranking): PruningMask {
  const { words, fields } = packing;
  const keep = new Uint32Array(words).fill(0xffffffff);
  const set = new Uint32Array(words);
  if (!live) return { keep, set, ranks: 0 };
  const ranks = ranking.wordsWith((slot) => slotValues.varies(slot) && !live.has(slot));
  for (const { slots, word, shift, width } of fields) {
    // Where there are prunings there are no bundles.
    const slot = slots[0]!;
    if (live.has(slot)) continue;
    const code = packing.code(slot, slotValues.indifferent(slot));
    keep[word] = keep[word]! & ~(maskOf(width) << shift);
    set[word] = set[word]! | (code << shift);
  }
  return { keep, set, ranks };
}

/** The first actor of a pruning that can go alone in the state of which `canMove` answers, or -1. */
export function persistentActor(
  { pruningPersistent, persistent }: Tables,
  pruning: number,
  canMove: (actor: number) => boolean,
): number {
  let at = pruningPersistent[pruning]!;
  for (let left = persistent[at++]!; left > 0; left--) {
    const actor = persistent[at++]!;
    let frozen = persistent[at++]!;
    let free = canMove(actor);
    for (; frozen > 0; frozen--) if (canMove(persistent[at++]!)) free = false;
    if (free) return actor;
  }
  return -1;
}

const NO_PRUNING = -1;

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
