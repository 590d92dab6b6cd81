/** Exploring with several threads: this one, and one less than asked for beside it. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import {
  type FromLevelWorker,
  type LevelWorker,
  type Model,
  type ParallelOptions,
  ParallelSearch,
  SLICE_MOVES,
} from '@snoopscope/sim-core';
import type { Exploring } from './explore-file.ts';
import { Failure } from './failure.ts';

/** How long a wait for workers may keep from looking at the keyboard. */
const LOOK_MS = 20;

/** A thread that dies makes the next `step` fail. `start` starts one. */
export function exploreWithWorkers(
  model: Model,
  options: ParallelOptions,
  count: number,
  start = newWorker,
): Exploring {
  const threads = Array.from({ length: count - 1 }, start);
  let wake: () => void = () => {};
  const posts = threads.map((thread): LevelWorker => ({ post: (message, list) => thread.postMessage(message, list) }));
  const search = new ParallelSearch(model, options, posts, () => wake());
  threads.forEach((thread, index) => {
    const fail = (why: string): void => search.fail(died(why));
    thread.on('message', (answer: FromLevelWorker) => search.receive(index, answer));
    thread.on('messageerror', (error) => fail(error.message));
    thread.on('error', (error) => fail(error instanceof Error ? error.message : String(error)));
    // Nobody but `close` ends a thread.
    thread.on('exit', (code) => fail(`it ended with code ${code}`));
  });
  return {
    step: () => search.step(SLICE_MOVES),
    stop: (limit) => search.stop(limit),
    progress: () => search.progress(),
    result: () => search.result(),
    snapshot: () => search.search.snapshot(),
    restore: (snapshot) => search.search.restore(snapshot),
    isBetweenLevels: () => !search.search.atSharedLevel,
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

function died(why: string): Failure {
  return new Failure(`A thread of the exploration died: ${why}. Without --workers there is one thread only.`, {
    code: 'worker-died',
  });
}

/** The module is loaded when it is needed: it makes the start of a program longer, and few explorations have threads. */
function newWorker(): Worker {
  return new (process.getBuiltinModule('node:worker_threads').Worker)(workerFile());
}

/** Beside the program: bundled, or as its source. */
function workerFile(): string {
  // npm installs a command as a link to it.
  const folder = path.dirname(realpathSync(process.argv[1] ?? '.'));
  const found = ['explore-level-worker.js', 'explore-level-worker.ts']
    .map((name) => path.join(folder, name))
    .find((file) => existsSync(file));
  if (found) return found;
  throw new Failure('--workers needs the file explore-level-worker.js beside the program, and it is not there.', {
    code: 'no-worker',
  });
}
