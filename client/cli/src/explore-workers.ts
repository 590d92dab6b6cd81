/** Exploring with several threads: each expands a share of every large level, in shared memory. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ExploreOptions, type LevelDone, type Model, ParallelSearch, SLICE_MOVES } from '@snoopscope/sim-core';
import type { Exploring } from './explore-file.ts';
import { Failure } from './failure.ts';

/** How long a wait for workers may keep from looking at the keyboard. */
const LOOK_MS = 20;

export function exploreWithWorkers(model: Model, options: ExploreOptions, count: number): Exploring {
  const threads = Array.from({ length: count }, () => new Worker(workerFile()));
  let broken: Error | undefined;
  let wake: () => void = () => {};
  const search = new ParallelSearch(
    model,
    options,
    threads.map((thread) => ({ post: (message) => thread.postMessage(message) })),
    () => wake(),
  );
  for (const thread of threads) {
    thread.on('message', (done: LevelDone) => {
      try {
        search.receive(done);
      } catch (error) {
        fail(error as Error);
      }
    });
    thread.on('error', fail);
    thread.on('exit', (code) => {
      if (code !== 0) fail(new Error(`a worker of the exploration ended with code ${code}`));
    });
  }

  function fail(error: Error): void {
    broken ??= error;
    wake();
  }

  return {
    step() {
      if (broken) throw broken;
      return search.step(SLICE_MOVES);
    },
    stop: (limit) => search.stop(limit),
    progress: () => search.progress(),
    result: () => search.result(),
    waiting: () => search.waiting,
    wait: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    async close() {
      for (const thread of threads) thread.removeAllListeners('exit');
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

/** Beside the program: bundled, or as its source. */
function workerFile(): string {
  const folder = path.dirname(process.argv[1] ?? '');
  const found = ['explore-level-worker.js', 'explore-level-worker.ts']
    .map((name) => path.join(folder, name))
    .find((file) => existsSync(file));
  if (found) return found;
  throw new Failure('--workers needs the file explore-level-worker.js beside the program, and it is not there.', {
    code: 'no-worker',
  });
}
