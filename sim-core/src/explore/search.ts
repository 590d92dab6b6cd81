/**
 * The exploration of all interleavings, breadth first: the first way found to anything is a shortest one.
 *
 * A search is resumable: {@link Search.step} makes some moves and returns, so that an editor can cancel or show
 * progress between two calls.
 */
import type { Model } from '../engine/model.ts';
import type { CheckpointData, CheckpointSource, ReadCheckpoint } from './checkpoint/checkpoint.ts';
import { readSearch, saveSearch } from './checkpoint/saved-search.ts';
import { restoreStates } from './checkpoint/saved-states.ts';
import { atFirstState, firstPosition, PAUSE, type SearchProgress } from './checkpoint/search-progress.ts';
import type { Tables } from './expander.ts';
import { Expansion } from './expansion.ts';
import {
  type Exploration,
  type ExploreLimit,
  type ExploreOptions,
  type Progress,
  type Reductions,
  scheduleOf,
} from './exploration.ts';
import { NotSymmetric } from './learn/learner.ts';
import type { LevelDone } from './parallel/level-worker.ts';
import { Contradicted, changedReductions, contradicted, demandRight, type Plan, planOf } from './restarts.ts';
import { Finality } from './results/finality.ts';
import { Found } from './results/found.ts';
import { Outcomes } from './results/outcomes.ts';
import { concretePath } from './results/path.ts';
import { resultOf } from './results/result.ts';
import { type Limits, limitsOf, type SharedOptions, SLICE_SLOTS, spaceOptionsOf } from './search-options.ts';
import { Space, type SpaceOptions } from './space.ts';
import { stateAfterSetup, tooLarge } from './start.ts';
import { FingerprintStore, StatesForgotten } from './states/fingerprint-store.ts';
import { nextPass, withLastMover } from './switches.ts';

export type * from './exploration.ts';
export type { SharedOptions } from './search-options.ts';

export class Search implements CheckpointSource {
  readonly #model: Model;
  readonly #options: ExploreOptions & SharedOptions;
  readonly #limits: Limits;
  #at: SearchProgress;
  /** The state after the setup. */
  #start: Int32Array = new Int32Array(0);
  /** The states and what is known of the moves. For reports on the search itself. */
  space!: Space;
  /** Which states are final. */
  finality!: Finality;
  #outcomes!: Outcomes;
  readonly #found: Found;
  /** Workers are at the level that begins at the next state. */
  #shared = false;
  /** A shared level has ended since the last pause. */
  #pauseDue = false;
  /** A step that is not over: it rewrites states, or learns. */
  #work: Generator<void, void> | undefined;
  /** Moves and effects at which a step is over. */
  #until = 0;
  #mostEffects = 0;
  #limit: ExploreLimit | undefined;
  #expansion!: Expansion;
  /** The reductions that were asked for; those that look ahead are used from so many stored states on. */
  readonly #plan: Plan;

  constructor(model: Model, options: ExploreOptions & SharedOptions = {}) {
    this.#model = options.maxSwitches === undefined ? model : withLastMover(model);
    this.#options = options;
    this.#limits = limitsOf(model, options);
    this.#found = new Found(this.#model, options, (finding) => this.stop({ kind: 'finding', finding }));
    this.#plan = planOf(options);
    this.#at = firstPosition(this.#plan.first, this.#plan.willLookAhead);
    this.#begin();
  }

  /** The reductions that are on: those asked for, without those that turned out not to apply. */
  get reductions(): Reductions {
    return this.#at.reductions;
  }

  /**
   * Makes about that many moves, or a few milliseconds' part of what has to be done between two moves: rewriting all
   * stored states, making room for more. False when the search is over.
   */
  step(moves: number): boolean {
    this.#until = this.#transitions + moves;
    this.#mostEffects = this.space.learner.effects.length + Math.ceil(SLICE_SLOTS / this.#model.layout.size);
    if (this.#limit === undefined) this.#continue();
    return this.#limit === undefined && (this.#work !== undefined || this.#hasNext || this.hasLeft);
  }

  #continue(): void {
    const work = this.#work ?? this.#working();
    try {
      this.#work = work.next().done ? undefined : work;
    } catch (error) {
      this.#work = undefined;
      this.#recover(error);
    }
  }

  /** Only while no workers are at a level. */
  checkpointData(): CheckpointData {
    // States and what is known of them must fit together.
    this.#until = 0;
    while (this.#work || this.#pauseDue || !this.space.isPrepared) this.#continue();
    return saveSearch({
      model: this.#model,
      space: this.space,
      finality: this.finality,
      found: this.#found,
      at: { ...this.#at, transitions: this.#transitions },
    });
  }

  /**
   * Resumes from the checkpoint of a search of the same model with the same options but limits; that is the caller's to
   * know. Before the first step.
   */
  restore(checkpoint: ReadCheckpoint): void {
    const saved = readSearch(checkpoint, this.#model, this.#found.sites);
    this.#limit = undefined;
    this.#at = saved.at;
    this.#outcomes = new Outcomes(this.#model, this.#found.sites);
    this.space = new Space(this.#model, this.#spaceOptions(), this.#start, saved.knowledge);
    restoreStates(this.space.store, checkpoint.arrays);
    this.#reset();
    this.#at = saved.at;
    this.#found.restore(saved.found);
    this.finality.addAll(saved.stuck);
  }

  get #transitions(): number {
    return this.#at.transitions + this.#expansion.transitions;
  }

  /** Bytes that may still be taken. */
  get bytesLeft(): number {
    return this.#limits.maxBytes - this.progress().bytes;
  }

  /** Is there no memory for so many bytes more? The search then ends. */
  lacks(more: number): boolean {
    const lacks = this.bytesLeft <= more;
    if (lacks) this.stop({ kind: 'bytes', at: this.#limits.maxBytes });
    return lacks;
  }

  /**
   * At a limit too, whether prunings turned out wrong is left for later: a search that is resumed goes the way of one that
   * was not interrupted. What a wrong pruning may have led to is not part of the result.
   */
  stop(limit: ExploreLimit): void {
    this.#limit ??= limit;
  }

  progress(): Progress {
    const { store } = this.space;
    return {
      states: store.count - store.holes,
      transitions: this.#transitions,
      frontier: store.count - this.#at.next + this.#at.left.length,
      depth: this.#at.depth,
      bytes: this.space.bytes + this.finality.bytes,
    };
  }

  result(): Exploration {
    const { maxSwitches } = this.#options;
    return resultOf({
      space: this.space,
      start: this.#start,
      finality: this.finality,
      outcomes: this.#outcomes,
      found: this.#found,
      granularity: this.space.options.granularity,
      at: this.#at,
      progress: this.progress(),
      limit: () => this.#limit,
      switches: maxSwitches === undefined ? undefined : { asked: maxSwitches, round: this.#at.round },
    });
  }

  #begin(): void {
    const { state, findings, problem } = stateAfterSetup(this.#model, this.#found.sites);
    this.#start = state;
    this.#found.inSetup.push(...findings);
    this.#restart();
    const message = problem ?? tooLarge(this.#model);
    if (message !== undefined) this.stop({ kind: 'model', message, schedule: [] });
  }

  /** Restarts when that is what helps. */
  #recover(error: unknown): void {
    if (error instanceof Contradicted) this.#beginAgain(error.from);
    else if (error instanceof StatesForgotten) this.#forgetAll();
    else this.#withoutSymmetry(error);
  }

  /** To the first state; what was learned stays. */
  #forgetAll(): void {
    try {
      const { store } = this.space;
      if (store instanceof FingerprintStore && store.hasForgotten) this.space.surveyAgain(++this.#at.restarts);
      this.space.begin();
      this.#reset();
    } catch (error) {
      this.#withoutSymmetry(error);
    }
  }

  #withoutSymmetry(error: unknown): void {
    if (!(error instanceof NotSymmetric)) throw error;
    this.#at.reductions = { ...this.#at.reductions, symmetry: false };
    this.#restart();
  }

  #restart(): void {
    this.#pauseDue = false;
    this.#outcomes = new Outcomes(this.#model, this.#found.sites);
    try {
      this.space = new Space(this.#model, this.#spaceOptions(), this.#start);
    } catch (error) {
      this.#withoutSymmetry(error);
      return;
    }
    this.#reset();
  }

  #spaceOptions(): SpaceOptions {
    const judge: SpaceOptions['judge'] = (executor) => this.#outcomes.judge(executor);
    return spaceOptionsOf(this.#model, this.#options, this.#at.reductions, this.#found, judge);
  }

  /** To the first state of the space. */
  #reset(): void {
    this.#found.clear();
    this.finality = new Finality();
    this.#at = atFirstState(this.#at);
    this.#at.compareAt = Math.min(this.#at.compareAt, this.#options.condenseFrom ?? this.#at.compareAt);
    this.#shared = false;
    this.#expansion = new Expansion(this.space, this.finality, this.#options.ahead, (effect, state, move) =>
      this.#noteEffect(effect, state, move),
    );
    this.#expansion.switching = this.#at.round.switching;
  }

  /** Takes in what belongs to many states. Restarts, and says so, when prunings turn out wrong by it. */
  *#comparing(): Generator<void, boolean> {
    if (this.#at.next < this.space.store.count && (yield* this.space.condensing())) this.#expansion.renew();
    if (yield* this.space.completingEnvironment()) this.#expansion.renew();
    const from = contradicted(this.#at, this.space, this.#plan.asked);
    return from !== undefined && this.#beginAgain(from);
  }

  #beginAgain(from: SearchProgress): true {
    const same = from.reductions === this.#at.reductions;
    this.#at = from;
    if (same) this.#forgetAll();
    else this.#restart();
    return true;
  }

  // --- for a parallel search ---------------------------------------------------------------------------------------

  /** The next states make a level that is left to workers. */
  get atSharedLevel(): boolean {
    return this.#shared && this.#limit === undefined;
  }

  get next(): number {
    return this.#at.next;
  }

  get levelEnd(): number {
    return this.#at.levelEnd;
  }

  get tables(): Tables {
    return this.#expansion.tables;
  }

  /** Takes in what workers did. What they could not expand the next steps do, while {@link Search.hasLeft}. */
  absorb(done: readonly LevelDone[]): void {
    try {
      this.#absorb(done);
    } catch (error) {
      this.#recover(error);
    }
  }

  /** States that workers could not expand are still to be expanded. */
  get hasLeft(): boolean {
    return this.#limit === undefined && this.#at.left.length > 0;
  }

  /** False when the search has restarted since the level was shared. */
  get isShared(): boolean {
    return this.#shared;
  }

  #absorb(done: readonly LevelDone[]): void {
    for (const { transitions, noted, stuck } of done) {
      this.#at.transitions += transitions;
      for (const [effect, times, state, move] of noted) this.#noteEffect(effect, state, move, times);
      this.finality.addAll(stuck);
    }
    for (const { deferred } of done) for (const state of deferred) this.#at.left.push(state);
  }

  /** The shared level was expanded up to a state. */
  endSharedLevel(expanded: number): void {
    this.#shared = false;
    this.#at.next = expanded;
    this.#pauseDue = true;
  }

  /** The search, until a step is over; it pauses where all is as it was or as it will be. */
  *#working(): Generator<void, void> {
    if (!this.space.isPrepared) {
      yield* this.space.preparing();
      this.#expansion.renew();
    }
    yield* this.#catchingUp();
    if (this.#shared) return;
    if (this.#pauseDue) {
      this.#pauseDue = false;
      if (yield* this.#pausing()) return;
    }
    const { maxStates, maxDepth } = this.#limits;
    const { maxSwitches } = this.#options;
    const { store } = this.space;
    const isFull = (): boolean => store.count >= maxStates;
    while (this.#limit === undefined && this.#hasNext && !isFull() && !this.#isStepOver) {
      if (this.#at.next === (this.#at.round.switching ? this.#at.round.to : store.count)) this.#beginPass();
      if (this.#at.next === this.#at.levelEnd && !this.#at.round.switching) {
        if (this.#at.depth + 1 >= maxDepth) {
          this.stop({ kind: 'depth', at: maxDepth });
          return;
        }
        this.#at.depth++;
        this.#at.levelEnd = store.count;
        store.release(this.#at.next);
        this.#shared = this.#at.levelEnd - this.#at.next >= (this.#options.sharedLevel ?? Number.POSITIVE_INFINITY);
        if (this.#shared) return;
      }
      if (this.#options.ahead?.ready(this.#at.next, this) === false) return;
      if (!store.hasRoom(this.#model.moves.length)) {
        if (this.lacks(store.growth(this.#model.moves.length))) return;
        yield* this.#expansion.reserving();
      }
      const together = this.#expansion.some(this.#at, maxStates, this.#until);
      if (together === 0) yield* this.#expansion.one(this.#at.next, this.#at.levelEnd);
      this.#at.next += Math.max(1, together);
      if (store.count >= this.#at.compareAt || this.#at.next === store.count || this.#at.next % PAUSE === 0)
        if (yield* this.#pausing()) return;
      const { round } = this.#at;
      if (round.switching && round.switches === maxSwitches && store.count > round.to)
        this.stop({ kind: 'switches', at: maxSwitches });
    }
    if (this.#hasNext && isFull()) this.stop({ kind: 'states', at: maxStates });
  }

  /** Learning takes longer than moving, the longer the larger the machine is. */
  get #isStepOver(): boolean {
    return this.#transitions >= this.#until || this.space.learner.effects.length >= this.#mostEffects;
  }

  /** Expands what workers could not. */
  *#catchingUp(): Generator<void, void> {
    while (this.hasLeft) {
      yield* this.#expansion.one(this.#at.left[0]!, this.#at.levelEnd);
      this.#at.left.shift();
      if (this.#isStepOver) yield;
    }
  }

  /** Are there states to expand, or to expand with a switch? */
  get #hasNext(): boolean {
    const { next, round } = this.#at;
    return next < this.space.store.count || (this.#options.maxSwitches !== undefined && !round.switching);
  }

  /** The states of this round again, with a switch; or those of the next round. */
  #beginPass(): void {
    const pass = nextPass(this.#at.round, this.space.store.count);
    if (!pass) return;
    Object.assign(this.#at, pass, { levelEnd: this.space.store.count });
    this.#expansion.switching = pass.round.switching;
    if (!pass.round.switching) this.#at.depth++;
  }

  /** What need not be looked at after every state. True when the search restarts. */
  *#pausing(): Generator<void, boolean> {
    const { store } = this.space;
    const changed = changedReductions(this.#at, this.space, this.#plan);
    if (changed) return this.#beginAgain(changed);
    if (store.count >= this.#at.compareAt || this.#at.next === store.count) if (yield* this.#comparing()) return true;
    store.release(this.#at.next);
    return this.#hasNext && this.lacks(0);
  }

  #noteEffect(index: number, state: number, move: number, times = 1): boolean {
    const effect = this.space.learner.effects[index]!;
    const ends = effect.limit !== undefined || effect.failure !== undefined || this.#found.stopsAt(effect.findings);
    if (ends) demandRight(this.#at, this.space, this.#plan.asked);
    if (effect.failure !== undefined) throw new Error(effect.failure);
    for (const site of effect.findings) this.#found.add(site, state, move, times);
    if (effect.limit !== undefined) {
      const schedule = scheduleOf([...concretePath(this.space, this.#start, state), move]);
      this.stop({ kind: 'model', message: effect.limit, schedule });
    }
    return this.#limit === undefined;
  }
}
