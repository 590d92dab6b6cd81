// The threads that an exploration in the editor shares its large levels with. They are started when the first large
// level comes, so that small scenarios do not pay for them, and kept for the next exploration.
import {
  Crew,
  LOOK_MS,
  type Model,
  type ParallelOptions,
  type ParallelSearch,
  type ThreadPool,
} from '@snoopscope/sim-core';

/** How threads are had here. */
export interface Threads {
  /** The threads that run a script: the same ones every time. */
  readonly pool: (script: string) => ThreadPool;
  readonly memory: 'shared' | 'messages';
  /** Processors of the machine, as far as it tells. */
  readonly processors: number;
}

/** Who took part in an exploration. */
export interface Workers {
  /** With the thread that leads. */
  readonly count: number;
  readonly memory: 'shared' | 'messages';
  /** States that the others expanded. */
  readonly expanded: number;
  /** Why there are fewer than were asked for. */
  readonly problem?: string;
}

const ADVICE = 'With 1 in the setting snoopscope.explore.workers there is only one thread.';

/** An exploration and its threads. */
export class Team {
  readonly #crew: Crew;
  readonly #memory: 'shared' | 'messages';
  #wake: () => void = () => {};

  constructor(model: Model, options: ParallelOptions, count: number, script: string, threads: Threads) {
    this.#memory = threads.memory;
    // A single thread has no other to share memory with.
    const memory = count > 1 ? threads.memory : 'messages';
    const pool = threads.pool(script);
    this.#crew = new Crew(model, { ...options, memory }, { count, pool, advice: ADVICE, onIdle: () => this.wake() });
  }

  get search(): ParallelSearch {
    return this.#crew.search;
  }

  get workers(): Workers {
    const { count, problem } = this.#crew;
    const expanded = this.search.expandedByWorkers;
    return { count, memory: this.#memory, expanded, ...(problem !== undefined && { problem }) };
  }

  /** Until a thread has answered, somebody calls `wake`, or it is time to look after the threads. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.search.waiting) return resolve();
      const timer = setTimeout(() => {
        this.#crew.look();
        resolve();
      }, LOOK_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake(): void {
    this.#wake();
  }

  end(): void {
    this.#crew.close();
  }
}
