/**
 * The state space of one search: what is known of its moves, its states and their packing, kept in step.
 *
 * Whatever is met for the first time (a situation, a value, a slot that changes) enters here, and the packing, the
 * compiled moves and the stored states follow.
 */
import type { Executor } from '../engine/executor.ts';
import type { Granularity, Model } from '../engine/model.ts';
import { type Canonical, canonicalFor } from './canonical.ts';
import { Compiled } from './compiled.ts';
import type { Reductions } from './exploration.ts';
import { type Judgement, type Leaf, Learner } from './learner.ts';
import { Packing, Vocabulary } from './packing.ts';
import { hashWords, StateStore } from './store.ts';
import { Symmetry } from './symmetry.ts';
import { Versions } from './versions.ts';

export interface SpaceOptions {
  readonly granularity: Granularity;
  readonly reductions: Reductions;
  /** Slots that nothing which is asked depends on. */
  readonly muted: readonly number[];
  readonly judge: (executor: Executor) => Judgement;
}

export class Space {
  readonly model: Model;
  readonly options: SpaceOptions;
  readonly learner: Learner;
  readonly vocabulary: Vocabulary;
  readonly store: StateStore;
  readonly symmetry: Symmetry | undefined;
  packing: Packing;
  compiled: Compiled;
  canonical: Canonical | undefined;
  /** Times that the stored states were written anew. */
  relayouts = 0;
  readonly #versions: Versions | undefined;
  readonly #scratch: Int32Array;

  /** `start` is the state behind the setup. */
  constructor(model: Model, options: SpaceOptions, start: Int32Array) {
    this.model = model;
    this.options = options;
    const symmetry = options.reductions.symmetry ? new Symmetry(model) : undefined;
    this.symmetry = symmetry?.applies ? symmetry : undefined;
    this.#versions = options.reductions.versions ? new Versions(model) : undefined;
    this.learner = new Learner(model, options.granularity, { ...options, versions: this.#versions, symmetry: this.symmetry });
    this.#scratch = start.slice();
    this.#rank(this.#scratch);
    this.vocabulary = new Vocabulary(this.#scratch.slice(), this.symmetry);
    for (const column of this.symmetry?.columns ?? []) for (const slot of column) this.vocabulary.valuesOf(slot);
    for (const { slot, rename } of this.symmetry?.references ?? []) {
      const value = this.#scratch[slot] as number;
      for (const { cpuOf } of this.symmetry?.renamings ?? []) this.vocabulary.meet(slot, rename(cpuOf, value));
    }
    this.learner.machine.raw.set(this.vocabulary.base);
    this.packing = new Packing(this.vocabulary, this.symmetry);
    this.compiled = new Compiled(this.packing, this.learner);
    this.canonical = this.#canonical();
    this.store = new StateStore(this.packing.words);
    const words = new Uint32Array(this.packing.words);
    this.encode(start, words);
    this.store.insert(words, 0, hashWords(words, 0, words.length), -1, 0);
  }

  get bytes(): number {
    return this.store.bytes + this.compiled.bytes;
  }

  /** Puts a stored state into the learner's machine, or into another whose other slots are as at the start. */
  load(state: number, into: Int32Array = this.learner.machine.raw): void {
    const words = new Uint32Array(this.packing.words);
    this.store.read(state, words);
    this.packing.unpack(words, 0, into);
  }

  /** The packed, canonical form of a state; false when it holds what was never met. */
  encode(state: Int32Array, words: Uint32Array): boolean {
    this.#scratch.set(state);
    this.#rank(this.#scratch);
    if (!this.packing.tryPack(this.#scratch, words, 0)) return false;
    this.canonical?.(words, 0);
    return true;
  }

  /** Learns what a move does in a stored state. True when states had to be written anew, so that words held are stale. */
  learn(move: number, state: number): boolean {
    this.load(state);
    const leaf = this.learner.learn(move);
    if (this.#meet(leaf)) {
      this.#relayout();
      return true;
    }
    this.compiled.add(leaf);
    return false;
  }

  /** True when the packing cannot express what the leaf writes. */
  #meet(leaf: Leaf): boolean {
    let stale = false;
    const { size } = this.vocabulary;
    for (const { slot, value } of leaf.writes) if (this.vocabulary.meet(slot, value)) stale = true;
    // A new value of a slot that names CPUs needs its renamed forms, even if there are bits for it.
    if (!stale && this.symmetry && this.vocabulary.size !== size) this.canonical = this.#canonical();
    return stale;
  }

  #relayout(): void {
    this.relayouts++;
    const old = this.packing;
    this.packing = new Packing(this.vocabulary, this.symmetry, old);
    this.canonical = this.#canonical();
    const translate = old.translation(this.packing);
    this.store.relayout(this.packing.words, (from, at, to, toAt) => {
      translate(from, at, to, toAt);
      // Another arrangement has another least form.
      this.canonical?.(to, toAt);
    });
    this.compiled = new Compiled(this.packing, this.learner);
  }

  #canonical(): Canonical | undefined {
    return this.symmetry && canonicalFor(this.symmetry, this.packing, (slot) => this.vocabulary.valuesOf(slot).list);
  }

  #rank(state: Int32Array): void {
    this.#versions?.groups.forEach((_, word) => {
      this.#versions?.rank(
        word,
        (slot) => state[slot] as number,
        (slot, value) => {
          state[slot] = value;
        },
      );
    });
  }
}
