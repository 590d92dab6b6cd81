/**
 * The exploration of all interleavings, breadth first: the first way found to anything is a shortest one.
 *
 * A search is resumable: {@link Search.step} makes some moves and returns, so that an editor can cancel or show
 * progress between two calls. {@link explore} runs one to its end.
 */
import type { Granularity, Model } from '../engine/model.ts';
import { FINDINGS } from '../state/event.ts';
import { Expander, type Tables } from './expander.ts';
import {
  ALL_REDUCTIONS,
  type Exploration,
  type ExploreLimit,
  type ExploreOptions,
  type Progress,
  type Reductions,
  SLICE_MOVES,
  scheduleOf,
} from './exploration.ts';
import { Finality } from './finality.ts';
import { FingerprintStore, StatesForgotten } from './fingerprint-store.ts';
import { Found } from './found.ts';
import { type Leaf, NotSymmetric } from './learner.ts';
import type { LevelDone } from './level-worker.ts';
import { Outcomes } from './outcomes.ts';
import { concretePath } from './path.ts';
import { mutedSlots } from './relevance.ts';
import { resultOf } from './result.ts';
import { Space, type SpaceOptions } from './space.ts';
import { behindSetup } from './start.ts';
import { HOLE, MAX_NUMBERED, StateStore, type Store } from './store.ts';

export type * from './exploration.ts';

/** States stored at most when the caller does not say. */
export const DEFAULT_MAX_STATES = 50_000_000;
/** Bytes held at most when the caller does not say. */
export const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;

/** States after which plans are first compared with the facts that came in meanwhile; then at four times as many. */
const FIRST_COMPARISON = 1024;
/**
 * A search that ends before so many states is over sooner than facts to look ahead with could be gathered. One that does
 * not begins again with the reductions that look ahead.
 */
const LOOK_AHEAD_FROM = 2000;
/** So few states are quickly found again. */
const FEW_STATES = 8192;
/** Fresh starts because of facts that came in late; more than these, and looking ahead is not worth it. */
const MAX_RESTARTS = 12;

/** Explores to the end or to a limit. */
export function explore(model: Model, options: ExploreOptions & SharedOptions = {}): Exploration {
  const search = new Search(model, options);
  while (search.step(SLICE_MOVES)) if (options.shouldStop?.(search.progress())) search.stop({ kind: 'stopped' });
  return search.result();
}

/** How a search is part of a parallel one, and what tests turn at. */
export interface SharedOptions {
  /** Stored states from which on looking ahead pays; {@link LOOK_AHEAD_FROM} when left out. */
  readonly lookAheadFrom?: number;
  /** Levels of at least so many states are left to workers. */
  readonly sharedLevel?: number;
  /** With fingerprints: states that keep their words all the same. */
  readonly remembered?: number;
  readonly newStore?: (words: number, sleeping: boolean) => Store;
}

export class Search {
  readonly #model: Model;
  readonly #options: ExploreOptions & SharedOptions;
  readonly #granularity: Granularity;
  #reductions: Reductions;
  /** The state behind the setup. */
  #start: Int32Array = new Int32Array(0);
  /** The states and what is known of the moves. For reports on the search itself. */
  space!: Space;
  #finality!: Finality;
  #outcomes!: Outcomes;
  readonly #found: Found;
  #next = 0;
  #depth = 0;
  #levelEnd = 1;
  /** Workers are at the level that begins at `#next`. */
  #shared = false;
  #limit: ExploreLimit | undefined;
  #expander!: Expander;
  /** Moves of expanders that were replaced. */
  #earlier = 0;
  /** The facts that the plans were last compared with, and the number of states at which they are compared again. */
  #compared = 0;
  #compareAt = FIRST_COMPARISON;
  #restarts = 0;
  /** Times that the search began again after states had been forgotten. */
  #beganAgain = 0;
  /** What the search begins again with once it has stored so many states. */
  #lookAhead: { readonly from: number; readonly reductions: Reductions } | undefined;

  constructor(model: Model, options: ExploreOptions & SharedOptions = {}) {
    this.#model = model;
    this.#options = options;
    this.#granularity = options.granularity ?? model.granularity;
    this.#found = new Found(options.findings ?? {}, (finding) => this.stop({ kind: 'finding', finding }));
    const reductions = { ...ALL_REDUCTIONS, ...options.reduction };
    const from = options.lookAheadFrom ?? LOOK_AHEAD_FROM;
    this.#lookAhead = from > 0 && (reductions.partialOrder || reductions.deadState) ? { from, reductions } : undefined;
    this.#reductions = fitting(this.#lookAhead ? { ...reductions, partialOrder: false, deadState: false } : reductions);
    this.#begin();
  }

  /** The reductions that are on: those asked for, without those that turned out not to apply. */
  get reductions(): Reductions {
    return this.#reductions;
  }

  /** Makes about that many moves. False when the search is over. */
  step(moves: number): boolean {
    const until = this.#transitions + moves;
    try {
      this.#run(until);
    } catch (error) {
      this.#recover(error);
    }
    return this.#limit === undefined && this.#next < this.space.store.count;
  }

  get #transitions(): number {
    return this.#earlier + this.#expander.transitions;
  }

  get #maxStates(): number {
    return Math.min(this.#options.maxStates ?? DEFAULT_MAX_STATES, MAX_NUMBERED - this.#model.moves.length);
  }

  stop(limit: ExploreLimit): void {
    this.#limit ??= limit;
  }

  progress(): Progress {
    const { store } = this.space;
    return {
      states: store.count - store.holes,
      transitions: this.#transitions,
      frontier: store.count - this.#next,
      depth: this.#depth,
      bytes: this.space.bytes + this.#finality.bytes,
    };
  }

  result(): Exploration {
    return resultOf({
      space: this.space,
      start: this.#start,
      finality: this.#finality,
      outcomes: this.#outcomes,
      found: this.#found,
      granularity: this.#granularity,
      reductions: this.#reductions,
      progress: this.progress(),
      limit: () => this.#limit,
      beganAgain: this.#beganAgain,
    });
  }

  #begin(): void {
    const { state, findings, problem } = behindSetup(this.#model);
    this.#start = state;
    this.#found.inSetup.push(...findings);
    this.#restart();
    if (problem !== undefined) this.stop({ kind: 'model', message: problem, schedule: [] });
  }

  /** Begins again when that is what helps. */
  #recover(error: unknown): void {
    if (!(error instanceof StatesForgotten)) {
      this.#withoutSymmetry(error);
      return;
    }
    try {
      this.#forgetAll();
    } catch (other) {
      this.#withoutSymmetry(other);
    }
  }

  /** To the first state; what was learned stays. */
  #forgetAll(): void {
    const { store } = this.space;
    if (store instanceof FingerprintStore && store.hasForgotten) this.space.lookAround(++this.#beganAgain);
    this.space.begin();
    this.#reset();
  }

  #withoutSymmetry(error: unknown): void {
    if (!(error instanceof NotSymmetric)) throw error;
    this.#reductions = { ...this.#reductions, symmetry: false };
    this.#restart();
  }

  #restart(): void {
    this.#outcomes = new Outcomes(this.#model);
    try {
      this.space = new Space(this.#model, this.#spaceOptions(), this.#start);
    } catch (error) {
      this.#withoutSymmetry(error);
      return;
    }
    this.#reset();
  }

  #spaceOptions(): SpaceOptions {
    const { policyOf } = this.#found;
    const watched = FINDINGS.flatMap((finding, i) =>
      policyOf(finding) !== 'ignore' || this.#model.tracked.has(finding) ? [i] : [],
    );
    return {
      granularity: this.#granularity,
      reductions: this.#reductions,
      watched: new Set(watched),
      muted: this.#reductions.deadState ? mutedSlots(this.#model, policyOf) : [],
      judge: (executor) => this.#outcomes.judge(executor),
      newStore: this.#options.newStore ?? this.#newStore,
    };
  }

  #newStore = (words: number, sleeping: boolean): Store =>
    this.#options.fingerprint
      ? new FingerprintStore(words, sleeping, this.#options.remembered)
      : new StateStore(words, sleeping);

  /** To the first state of the space. */
  #reset(): void {
    this.#found.clear();
    this.#finality = new Finality();
    this.#next = 0;
    this.#depth = 0;
    this.#levelEnd = 1;
    this.#shared = false;
    this.#compareAt = FIRST_COMPARISON;
    this.#earlier = 0;
    this.#expander = new Expander(this.space.tables(), this.space.store);
  }

  /**
   * Do the facts that came in contradict what was planned? Then everything but what was learned is forgotten. Facts only
   * grow, and there are finitely many, so this ends; if it takes too often, the reductions that look ahead are given up.
   */
  #beginAgain(): boolean {
    const { facts, planner, store } = this.space;
    if (store.count >= this.#compareAt) this.#compareAt *= 4;
    if (!planner) return false;
    if (this.space.completeEnvironment()) this.#renew();
    if (facts.version === this.#compared) return false;
    this.#compared = facts.version;
    // While little is stored, beginning again costs less than going on with plans that could be better.
    const wrong =
      store.count <= FEW_STATES && this.#restarts < MAX_RESTARTS / 2 ? planner.outdated() : planner.invalid();
    if (!wrong && !this.space.ranksTooFew) return false;
    if (++this.#restarts > MAX_RESTARTS) {
      this.#reductions = { ...this.#reductions, partialOrder: false, deadState: false };
      this.#restart();
    } else {
      this.#forgetAll();
    }
    return true;
  }

  /** The inner loop with what is known now. */
  #renew(): void {
    this.#earlier += this.#expander?.transitions ?? 0;
    this.#expander = new Expander(this.space.tables(), this.space.store);
  }

  // --- for a parallel search ---------------------------------------------------------------------------------------

  /** The next states make a level that is left to workers. */
  get atSharedLevel(): boolean {
    return this.#shared && this.#limit === undefined;
  }

  get next(): number {
    return this.#next;
  }

  get levelEnd(): number {
    return this.#levelEnd;
  }

  get tables(): Tables {
    return this.#expander.tables;
  }

  /** Takes in what workers did, and expands what they could not. False when the search had to begin again instead. */
  absorb(done: readonly LevelDone[]): boolean {
    try {
      this.#absorb(done);
    } catch (error) {
      this.#recover(error);
    }
    return this.#shared;
  }

  #absorb(done: readonly LevelDone[]): void {
    for (const { transitions, remarks, stuck } of done) {
      this.#earlier += transitions;
      for (const [leaf, times, state, move] of remarks) this.#remark(leaf, state, move, times);
      for (let i = 0; i < stuck.length; i += 3 + (stuck[i + 2] as number)) {
        this.#finality.add(
          stuck[i] as number,
          stuck[i + 1] as number,
          stuck.slice(i + 3, i + 3 + (stuck[i + 2] as number)),
        );
      }
    }
    for (const { deferred } of done) for (const state of deferred) if (this.#limit === undefined) this.#expand(state);
  }

  /** The shared level was expanded up to a state. */
  endSharedLevel(expanded: number): void {
    this.#shared = false;
    this.#next = expanded;
    this.#pause();
  }

  #run(until: number): void {
    if (this.#shared) return;

    const { maxDepth = Number.POSITIVE_INFINITY } = this.#options;
    const { store } = this.space;
    while (this.#limit === undefined && this.#next < store.count && this.#transitions < until) {
      if (this.#next === this.#levelEnd) {
        if (this.#depth + 1 >= maxDepth) {
          this.stop({ kind: 'depth', at: maxDepth });
          return;
        }
        this.#depth++;
        this.#levelEnd = store.count;
        store.release(this.#next);
        if (this.#levelEnd - this.#next >= (this.#options.sharedLevel ?? Number.POSITIVE_INFINITY)) {
          this.#shared = true;
          return;
        }
      }
      this.#expand(this.#next);
      this.#next++;
      if (store.count >= this.#compareAt || this.#next === store.count || (this.#next & 0xfff) === 0)
        if (this.#pause()) return;
      if (store.count >= this.#maxStates) this.stop({ kind: 'states', at: this.#maxStates });
    }
  }

  /** What need not be looked at behind every state. True when the search begins again. */
  #pause(): boolean {
    const { maxBytes = DEFAULT_MAX_BYTES } = this.#options;
    const { store } = this.space;
    if (this.#lookAhead && store.count >= this.#lookAhead.from) {
      // Symmetry that was found not to apply stays off.
      this.#reductions = fitting({ ...this.#lookAhead.reductions, symmetry: this.#reductions.symmetry });
      this.#lookAhead = undefined;
      this.#restart();
      return true;
    }
    if (store.count >= this.#compareAt || this.#next === store.count) if (this.#beginAgain()) return true;
    store.release(this.#next);
    if (store.count >= this.#maxStates) this.stop({ kind: 'states', at: this.#maxStates });
    if (this.progress().bytes >= maxBytes) this.stop({ kind: 'bytes', at: maxBytes });
    return false;
  }

  #expand(state: number): void {
    const { store } = this.space;
    if (store.parent(state) === HOLE) return;
    store.reserve(this.#model.moves.length);
    while (!this.#expander.expand(state, this.#levelEnd)) {
      const { question, questionWords } = this.#expander;
      this.space.answer(question, questionWords);
      this.#renew();
    }
    const { remarks, stuck } = this.#expander;
    if (remarks.length > 0) {
      for (let i = 0; i < remarks.length; i += 3)
        this.#remark(remarks[i] as number, remarks[i + 1] as number, remarks[i + 2] as number);
      remarks.length = 0;
    }
    if (stuck.length > 0) {
      this.#finality.add(stuck[0] as number, stuck[1] as number, stuck.slice(3));
      stuck.length = 0;
    }
  }

  #remark(index: number, state: number, move: number, times = 1): void {
    const leaf = this.space.learner.leaves[index] as Leaf;
    for (const finding of leaf.findings) this.#found.add(finding, state, move, times);
    if (leaf.limit === undefined) return;
    const schedule = scheduleOf([...concretePath(this.space, this.#start, state), move]);
    this.stop({ kind: 'model', message: leaf.limit, schedule });
  }
}

/**
 * Without sleep sets beside persistent sets: an order that is put off may then not be covered by the one that was taken, and
 * making up for that costs more moves than sleep sets save.
 */
function fitting(reductions: Reductions): Reductions {
  return reductions.partialOrder ? { ...reductions, sleepSets: false } : reductions;
}
