// The threads that an exploration in the editor shares its large levels with. They are started when the first large
// level comes, so that small scenarios do not pay for them.
import {
  type FromLevelWorker,
  type LevelWorker,
  type Model,
  type ParallelOptions,
  ParallelSearch,
  type ToLevelWorker,
} from '@snoopscope/sim-core';

/** A thread that runs explore-level-worker.js. Each platform has its own kind. */
export interface LevelThread {
  post(message: ToLevelWorker, transfer: ArrayBuffer[]): void;
  listen(listener: LevelThreadListener): void;
  terminate(): void;
}

export interface LevelThreadListener {
  onAnswer(answer: FromLevelWorker): void;
  /** It did not even begin. */
  onRefused(why: string): void;
  onDeath(why: string): void;
}

/** How threads are had here. */
export interface Threads {
  /** Throws where none may be started. */
  readonly start: (script: string) => LevelThread;
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

/** An exploration and its threads. */
export class Team {
  readonly search: ParallelSearch;
  readonly #threads: (LevelThread | undefined)[];
  readonly #memory: 'shared' | 'messages';
  #wake: () => void = () => {};
  #problem: string | undefined;
  #withdrawn = 0;

  constructor(model: Model, options: ParallelOptions, count: number, script: string, threads: Threads) {
    this.#memory = threads.memory;
    this.#threads = new Array<undefined>(count - 1).fill(undefined);
    const workers = this.#threads.map((_, index): LevelWorker => {
      const post: LevelWorker['post'] = (message, transfer) => {
        this.#threads[index] ??= this.#start(index, script, threads);
        this.#threads[index]?.post(message, transfer);
      };
      return { post };
    });
    // Alone it has nobody to share memory with.
    const memory = count > 1 ? threads.memory : 'messages';
    this.search = new ParallelSearch(model, { ...options, memory }, workers, () => this.wake());
  }

  get workers(): Workers {
    const count = 1 + this.#threads.filter((thread) => thread !== undefined).length - this.#withdrawn;
    const expanded = this.search.expandedByWorkers;
    return { count, memory: this.#memory, expanded, ...(this.#problem !== undefined && { problem: this.#problem }) };
  }

  /** Until a thread has answered, or somebody calls `wake`. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      if (this.search.waiting) this.#wake = resolve;
      else resolve();
    });
  }

  wake(): void {
    this.#wake();
  }

  end(): void {
    for (const thread of this.#threads) thread?.terminate();
  }

  #start(index: number, script: string, threads: Threads): LevelThread {
    const onRefused = (why: string): void => {
      this.#withdrawn++;
      this.#problem = why;
      this.search.withdraw(index);
    };
    try {
      const thread = threads.start(script);
      thread.listen({
        onAnswer: (answer) => this.search.receive(index, answer),
        onRefused,
        onDeath: (why) => this.search.fail(new WorkerDied(why)),
      });
      return thread;
    } catch (error) {
      onRefused(error instanceof Error ? error.message : String(error));
      return NOBODY;
    }
  }
}

/** What a thread was at is lost, and with it what can be said of the whole. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied';
  constructor(why: string) {
    super(`A worker of the exploration died: ${why}. The setting snoopscope.explore.workers takes 1 for no others.`);
  }
}

/** In the place of a thread that could not be started. */
const NOBODY: LevelThread = { post: () => {}, listen: () => {}, terminate: () => {} };
