/**
 * Exploration by several workers, level by level.
 *
 * The search works alone while levels are small and while it learns. A large level is expanded by all at once, the
 * thread of the search among them. What workers do not know the search learns. Verdicts, outcomes and the lengths of
 * shortest ways do not depend on the number of workers, because what is done with a state depends on the state, its level
 * and the footprints alone. Where footprints come in late, the search may restart at another place and see other states.
 *
 * With shared memory everybody stores what they find; which of several shortest ways is kept is then left to chance.
 * With messages workers find successors and the search stores them (`slices.ts`, `ahead.ts`): it does exactly what it
 * would do alone.
 *
 * Workers are whatever can be posted to: `worker_threads` in Node, Web Workers in browsers, both lent by a `ThreadPool`.
 * There is no waiting in here: {@link ParallelSearch.receive} is called with what workers answer, and
 * {@link ParallelSearch.lose} when one has died. The search then ends with what it knows.
 */
import type { Model } from '../../engine/model.ts';
import type { Exploration, ExploreLimit, ExploreOptions, Progress } from '../exploration.ts';
import { Search, type SharedOptions } from '../search.ts';
import { DEFAULT_MAX_STATES } from '../search-options.ts';
import { BLOCK, CONTROL, SharedStore } from '../states/shared-store.ts';
import { MAX_NUMBERED, type Store } from '../states/store.ts';
import { Ahead } from './ahead.ts';
import { type FromLevelWorker, type LevelDone, LevelPart, type LevelWorker } from './level-worker.ts';

export interface ParallelOptions extends ExploreOptions, Pick<SharedOptions, 'sharedLevel'> {
  /** How workers get at the states; shared memory where there is any when left out. */
  readonly memory?: 'shared' | 'messages';
}

/** States of a level that are worth the messages. */
const SHARED_LEVEL = 4096;
/** New states that a level may bring for each of its own, before room has to be made in the middle of it. */
const GROWTH = 2;

export class ParallelSearch {
  readonly search: Search;
  readonly #workers: readonly LevelWorker[];
  readonly #withdrawn = new Set<number>();
  readonly #ahead: Ahead | undefined;
  readonly #onIdle: () => void;
  readonly #maxStates: number;
  /** The level that is shared, as far as this thread is at it, and what workers have answered of it. */
  #part: LevelPart | undefined;
  #partOver = true;
  #done: LevelDone[] = [];
  /** Workers whose part of the level is still to come. */
  readonly #awaited = new Set<number>();
  #working = false;
  /** The level is over but for the states that no worker could expand. */
  #isCatchingUp = false;
  /** Makes room before a level is given out. */
  #reserving: Generator<void, void> | undefined;
  #tables: unknown;
  #buffers: unknown;
  #answers = 0;
  /** States that workers expanded. */
  #expandedByWorkers = 0;

  /**
   * `workers` are those beside this thread. `onIdle` is called when `waiting` is over: `step` has something to do again,
   * or fails.
   */
  constructor(model: Model, options: ParallelOptions, workers: readonly LevelWorker[], onIdle: () => void) {
    this.#workers = workers;
    this.#onIdle = onIdle;
    this.#maxStates = options.maxStates ?? DEFAULT_MAX_STATES;
    const { memory = typeof SharedArrayBuffer === 'undefined' ? 'messages' : 'shared', ...rest } = options;
    const sharedLevel = options.sharedLevel ?? SHARED_LEVEL;
    // Fingerprints are kept by the search alone, and it alone counts switches.
    if (options.maxSwitches !== undefined) {
      this.search = new Search(model, { ...rest, sharedLevel: Number.POSITIVE_INFINITY });
    } else if (memory === 'messages' || options.fingerprint) {
      this.#ahead = new Ahead(workers, sharedLevel);
      this.search = new Search(model, { ...rest, sharedLevel: Number.POSITIVE_INFINITY, ahead: this.#ahead });
    } else {
      const newStore = (words: number, sleeping: boolean): Store => new SharedStore(words, sleeping);
      this.search = new Search(model, { ...rest, sharedLevel, newStore });
    }
  }

  /** States that workers expanded, not this thread. */
  get expandedByWorkers(): number {
    return this.#ahead?.expanded ?? this.#expandedByWorkers;
  }

  /**
   * Changes whenever a worker has got something done. A waiter that sees it unchanged for long should give up those
   * that `owing` names.
   */
  get pulse(): number {
    const { store } = this.search.space;
    if (!(store instanceof SharedStore)) return this.#answers;
    return this.#answers + Atomics.load(store.control, CONTROL.cursor) + store.count;
  }

  /** Workers, counted from 0, that have not answered what they were asked. */
  get owing(): readonly number[] {
    return this.#ahead ? this.#ahead.owing : [...this.#awaited];
  }

  /** Makes about that many moves on this thread. False when the search is over. */
  step(moves: number): boolean {
    if (this.#part && !this.#partOver) {
      if (!this.#part.run(moves)) this.#endPart();
      return true;
    }
    if (this.#reserving) {
      if (this.#reserving.next().done) this.#giveOut();
      return true;
    }
    if (this.#isCatchingUp) {
      this.search.step(moves);
      if (!this.search.hasLeft) this.#afterLevel();
      return true;
    }
    if (this.#working) return true;
    const goesOn = this.search.step(moves);
    if (goesOn && this.search.atSharedLevel) this.#shareLevel();
    return goesOn || this.#working;
  }

  /** There is nothing to do on this thread until workers have answered. */
  get waiting(): boolean {
    if (this.#ahead) return this.#ahead.waiting;
    return this.#working && this.#partOver && !this.#isCatchingUp && !this.#reserving;
  }

  stop(limit: ExploreLimit): void {
    this.search.stop(limit);
    if (this.#ahead) this.#ahead.waiting = false;
    this.abandon();
    if (this.#reserving) this.#withdrawLevel();
    else if (!this.#partOver) this.#endPart();
  }

  /** Whatever becomes of the search, workers need not finish its level. */
  abandon(): void {
    const { store } = this.search.space;
    if (store instanceof SharedStore) Atomics.store(store.control, CONTROL.stop, 1);
  }

  progress(): Progress {
    const progress = this.search.progress();
    if (!this.#working) return progress;
    const { control, count } = sharedStore(this.search.space.store);
    return { ...progress, frontier: count - Math.min(Atomics.load(control, CONTROL.cursor), this.search.levelEnd) };
  }

  result(): Exploration {
    return this.search.result();
  }

  /** What a worker, counted from 0, answered. */
  receive(worker: number, answer: FromLevelWorker): void {
    this.#answers++;
    this.#orIdle(() => {
      if (answer.kind === 'level') {
        if (!this.#awaited.delete(worker)) return;
        this.#expandedByWorkers += answer.states;
        this.#done.push(answer);
        this.#endLevel();
      } else if (this.#ahead) this.#ahead.receive(worker, answer);
      else throw new Error('a slice that was never sent');
    });
  }

  /**
   * A worker has died, or is not waited for any longer. States that it was to expand are lost, so the search ends with
   * what it knows. What it holds then is not a place to continue from.
   */
  lose(worker: number, message: string): void {
    this.#orIdle(() => {
      this.stop({ kind: 'thread', message });
      this.#without(worker);
    });
  }

  /** A worker that could not be started, and has done nothing: the search continues without it. */
  withdraw(worker: number): void {
    this.#orIdle(() => this.#without(worker));
  }

  #without(worker: number): void {
    this.#withdrawn.add(worker);
    this.#awaited.delete(worker);
    if (this.#ahead) this.#ahead.withdraw(worker);
    else if (this.#working) this.#endLevel();
  }

  #orIdle(takeIn: () => void): void {
    const { waiting } = this;
    takeIn();
    if (waiting && !this.waiting) this.#onIdle();
  }

  #shareLevel(): void {
    this.#working = true;
    this.#post(this.search.next);
  }

  /** Gives the level out to all, from a state on, as soon as there is room for what it may bring. */
  #post(from: number): void {
    const { levelEnd, space } = this.search;
    const store = sharedStore(space.store);
    const most = this.#most(store);
    store.control[CONTROL.most] = most;
    store.control[CONTROL.cursor] = from;
    store.control[CONTROL.pause] = 0;
    const more = Math.min((levelEnd - from) * GROWTH, Math.max(0, most - store.count)) + SHARED_LEVEL;
    if (store.hasRoom(more)) this.#giveOut();
    else if (this.search.lacks(store.growth(more))) this.#withdrawLevel();
    else this.#reserving = store.reserving(more);
  }

  #giveOut(): void {
    this.#reserving = undefined;
    const { levelEnd, tables, space } = this.search;
    const store = sharedStore(space.store);
    const { buffers } = store;
    const renewed = tables !== this.#tables || buffers !== this.#buffers;
    this.#tables = tables;
    this.#buffers = buffers;
    if (renewed || !this.#part) this.#part = new LevelPart(tables, store);
    this.#part.begin(levelEnd);
    this.#partOver = false;
    this.#workers.forEach((worker, i) => {
      if (this.#withdrawn.has(i)) return;
      this.#awaited.add(i);
      if (renewed) worker.post({ kind: 'tables', tables, buffers }, []);
      // The first message shows whether it can be started at all.
      if (!this.#withdrawn.has(i)) worker.post({ kind: 'level', levelEnd }, []);
    });
  }

  /** Numbers that may be given out in this level: the limits of the search hold in the middle of it, too. */
  #most(store: SharedStore): number {
    const left = Math.max(0, this.search.bytesLeft) / store.bytesPerState;
    // The last block that fits may begin before the limit.
    return Math.min(this.#maxStates + BLOCK, store.count + Math.floor(left) + BLOCK, MAX_NUMBERED);
  }

  #endPart(): void {
    this.#partOver = true;
    if (this.#part) this.#done.push(this.#part.end());
    this.#endLevel();
  }

  /** When everybody has done their part. */
  #endLevel(): void {
    if (!this.#partOver || this.#awaited.size > 0 || this.#isCatchingUp || this.#reserving) return;
    const all = this.#done;
    this.#done = [];
    this.#isCatchingUp = true;
    this.search.absorb(all);
    if (!this.search.hasLeft) this.#afterLevel();
  }

  #afterLevel(): void {
    this.#isCatchingUp = false;
    const { search } = this;
    if (search.isShared) {
      const { control, count } = sharedStore(search.space.store);
      const paused = Atomics.load(control, CONTROL.pause) !== 0 && Atomics.load(control, CONTROL.stop) === 0;
      const isFull = count + BLOCK > control[CONTROL.most]!;
      const expanded = this.#expanded;
      if (paused && !isFull && expanded < search.levelEnd && search.atSharedLevel) {
        this.#post(expanded);
        return;
      }
      search.endSharedLevel(expanded);
    }
    this.#working = false;
  }

  /** The search was stopped before its level was given out. */
  #withdrawLevel(): void {
    this.#reserving = undefined;
    this.search.endSharedLevel(this.#expanded);
    this.#working = false;
  }

  /** The state up to which the shared level is expanded. Each takes one portion too many at the end. */
  get #expanded(): number {
    const { control } = sharedStore(this.search.space.store);
    return Math.min(Atomics.load(control, CONTROL.cursor), this.search.levelEnd);
  }
}

function sharedStore(store: Store): SharedStore {
  if (store instanceof SharedStore) return store;
  throw new Error('the states are not in shared memory');
}
