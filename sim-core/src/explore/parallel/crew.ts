/**
 * A parallel exploration and its threads, for whatever host they run on. The host calls `search.step`, and while
 * `search.waiting` it waits: until `onIdle`, but looking in ({@link Crew.look}) every {@link LOOK_MS}.
 */
import type { Model } from '../../engine/model.ts';
import { type ParallelOptions, ParallelSearch } from './parallel.ts';
import type { Lease, ThreadPool } from './thread-pool.ts';

/** Milliseconds between two calls of {@link Crew.look}. Counted in calls, so a machine that sleeps loses no time. */
export const LOOK_MS = 20;
/** Looks without a sign of life, 30 seconds, after which a thread is not waited for any longer. */
const PATIENCE = 1500;

export interface CrewOptions {
  /** With the thread that leads. */
  readonly count: number;
  readonly pool: ThreadPool;
  /** Start threads at once, not when the first large level comes. */
  readonly early?: boolean;
  /** Closes the message about a thread that has died: how to do without. */
  readonly advice: string;
  /** `search.waiting` is over. */
  readonly onIdle: () => void;
}

export class Crew {
  readonly search: ParallelSearch;
  readonly #threads: readonly Lease[];
  readonly #advice: string;
  readonly #refused = new Set<number>();
  #problem: string | undefined;
  #pulse = -1;
  #silent = 0;

  constructor(model: Model, options: ParallelOptions, { count, pool, early, advice, onIdle }: CrewOptions) {
    this.#advice = advice;
    this.#threads = pool.lend(
      Array.from({ length: count - 1 }, (_, index) => ({
        onAnswer: (answer) => this.search.receive(index, answer),
        onRefused: (why) => this.#doWithout(index, why),
        onDeath: (why) => this.search.lose(index, `A thread of the exploration died: ${why}. ${advice}`),
      })),
    );
    this.search = new ParallelSearch(model, options, this.#threads, onIdle);
    if (early) for (const thread of this.#threads) thread.start();
  }

  /** Threads that take part, with the one that leads. */
  get count(): number {
    return 1 + this.#threads.filter(({ started }, index) => started && !this.#refused.has(index)).length;
  }

  /** Why there are fewer than were asked for. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The host still waits. Threads that have been silent for too long are given up, which ends the search. */
  look(): void {
    const { pulse } = this.search;
    this.#silent = pulse === this.#pulse ? this.#silent + 1 : 0;
    this.#pulse = pulse;
    if (this.#silent < PATIENCE) return;
    this.#silent = 0;
    const seconds = (PATIENCE * LOOK_MS) / 1000;
    for (const index of this.search.owing) {
      this.#threads[index]?.giveUp();
      this.search.lose(index, `A thread of the exploration has not answered for ${seconds} seconds. ${this.#advice}`);
    }
  }

  /** The exploration is over, or given up in the middle: the threads are free for the next one. */
  close(): void {
    this.search.abandon();
    for (const thread of this.#threads) thread.giveBack();
  }

  #doWithout(index: number, why: string): void {
    this.#refused.add(index);
    this.#problem = why;
    this.search.withdraw(index);
  }
}
