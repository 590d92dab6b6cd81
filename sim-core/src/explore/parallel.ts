/**
 * Exploration by several workers, level by level.
 *
 * The search goes on alone while levels are small and while it learns. A large level is expanded by all workers at once
 * in shared memory; what they do not know they hand back, and the search learns it before the next level. States,
 * verdicts, outcomes and the lengths of ways do not depend on the number of workers, because what is done with a state
 * depends on the state and its level alone. Which of several shortest ways is kept does.
 *
 * Workers are whatever can be posted to: `worker_threads` in Node, Web Workers where shared memory is allowed. There is
 * no waiting in here: {@link ParallelSearch.receive} is called with what workers answer.
 */
import type { Model } from '../engine/model.ts';
import type { Exploration, ExploreLimit, ExploreOptions, Progress } from './exploration.ts';
import type { LevelDone, ToLevelWorker } from './level-worker.ts';
import { Search, type SharedOptions } from './search.ts';
import { CONTROL, SharedStore } from './shared-store.ts';
import type { Store } from './store.ts';

export interface LevelWorker {
  readonly post: (message: ToLevelWorker) => void;
}

/** States of a level that are worth the messages. */
const SHARED_LEVEL = 4096;
/** New states that a level may bring for each of its own, before room has to be made in the middle of it. */
const GROWTH = 2;

export class ParallelSearch {
  readonly search: Search;
  readonly #workers: readonly LevelWorker[];
  /** What workers have answered of the level that they are at. */
  #done: LevelDone[] = [];
  #working = false;
  #tables: unknown;
  #buffers: unknown;
  readonly #onIdle: () => void;

  /** `onIdle` is called when a level that workers were at is over, and `step` has something to do again. */
  constructor(
    model: Model,
    options: ExploreOptions & Pick<SharedOptions, 'sharedLevel'>,
    workers: readonly LevelWorker[],
    onIdle: () => void,
  ) {
    this.search = new Search(model, {
      sharedLevel: SHARED_LEVEL,
      ...options,
      newStore: (words, sleeping) => new SharedStore(words, sleeping),
    });
    this.#workers = workers;
    this.#onIdle = onIdle;
  }

  /** False when the search is over. While workers are at a level it does nothing; `waiting` says so. */
  step(moves: number): boolean {
    if (this.#working) return true;
    const goesOn = this.search.step(moves);
    if (goesOn && this.search.atSharedLevel) this.#shareLevel();
    return goesOn || this.#working;
  }

  get waiting(): boolean {
    return this.#working;
  }

  stop(limit: ExploreLimit): void {
    this.search.stop(limit);
    const { store } = this.search.space;
    if (store instanceof SharedStore) Atomics.store(store.control, CONTROL.stop, 1);
  }

  progress(): Progress {
    return this.search.progress();
  }

  result(): Exploration {
    return this.search.result();
  }

  /** What a worker answered. */
  receive(done: LevelDone): void {
    this.#done.push(done);
    if (this.#done.length < this.#workers.length) return;
    const { control } = sharedStore(this.search.space.store);
    const { levelEnd } = this.search;
    const all = this.#done;
    this.#done = [];
    const full = Atomics.load(control, CONTROL.full) !== 0;
    // Each worker takes one portion too many at the end.
    const expanded = Math.min(Atomics.load(control, CONTROL.cursor), levelEnd);
    if (this.search.absorb(all)) {
      if (full && expanded < levelEnd && Atomics.load(control, CONTROL.stop) === 0) {
        this.#post(expanded);
        return;
      }
      this.search.endSharedLevel(expanded);
    }
    this.#working = false;
    this.#onIdle();
  }

  #shareLevel(): void {
    this.#working = true;
    this.#post(this.search.next);
  }

  #post(from: number): void {
    const { search } = this;
    const { levelEnd } = search;
    const store = sharedStore(search.space.store);
    store.reserve((levelEnd - from) * GROWTH + SHARED_LEVEL);
    store.control[CONTROL.cursor] = from;
    store.control[CONTROL.full] = 0;
    const tables = search.tables;
    const renewed = tables !== this.#tables || store.buffers !== this.#buffers;
    this.#tables = tables;
    this.#buffers = store.buffers;
    for (const worker of this.#workers) {
      if (renewed) worker.post({ kind: 'tables', tables, buffers: store.buffers });
      worker.post({ kind: 'level', end: levelEnd, levelEnd });
    }
  }
}

function sharedStore(store: Store): SharedStore {
  if (store instanceof SharedStore) return store;
  throw new Error('the states are not in shared memory');
}
