/** Exploring with several threads: this one, and one less than asked for beside it. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { Crew, LOOK_MS, type Model, type ParallelOptions, SLICE_MOVES, ThreadPool } from '@snoopscope/sim-core';
import type { Exploring } from './explore-file.ts';
import { Failure } from './failure.ts';

const ADVICE = 'Without --workers there is only one thread.';

/** The threads of this process. */
const THREADS = nodeThreads(newWorker);

/** A thread that dies or hangs ends the exploration with what it knows. */
export function exploreWithWorkers(model: Model, options: ParallelOptions, count: number, pool = THREADS): Exploring {
  let wake: () => void = () => {};
  const crew = new Crew(model, options, { count, pool, early: true, advice: ADVICE, onIdle: () => wake() });
  const { search } = crew;
  if (crew.problem !== undefined) {
    crew.close();
    throw new Failure(crew.problem, { code: 'no-worker' });
  }
  return {
    step: () => search.step(SLICE_MOVES),
    stop: (limit) => search.stop(limit),
    progress: () => search.progress(),
    result: () => search.result(),
    checkpointData: () => search.search.checkpointData(),
    restore: (saved) => search.search.restore(saved),
    isBetweenLevels: () => !search.search.atSharedLevel,
    waiting: () => search.waiting,
    wait: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          crew.look();
          resolve();
        }, LOOK_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    close: () => crew.close(),
  };
}

/** Threads of Node. They do not keep the process from ending, and end with it. */
export function nodeThreads(start: () => Worker): ThreadPool {
  return new ThreadPool(({ onAnswer, onDeath }) => {
    const thread = start();
    thread.on('message', onAnswer);
    thread.on('messageerror', ({ message }) => onDeath(message));
    thread.on('error', (error) => onDeath(error instanceof Error ? error.message : String(error)));
    thread.on('exit', (code) => onDeath(`it ended with code ${code}`));
    thread.unref();
    return { post: (message, transfer) => thread.postMessage(message, transfer) };
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
  throw new Error('--workers needs the file explore-level-worker.js beside the program, and it is not there.');
}
