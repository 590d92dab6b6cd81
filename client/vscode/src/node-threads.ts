// Threads of Node.
import type { Worker } from 'node:worker_threads';
import { ThreadPool } from '@snoopscope/sim-core';

export function editorThreads(start: () => Worker): ThreadPool {
  return new ThreadPool(({ onAnswer, onDeath }) => {
    const thread = start();
    thread.on('message', onAnswer);
    thread.on('messageerror', ({ message }) => onDeath(message));
    thread.on('error', (error) => onDeath(error instanceof Error ? error.message : String(error)));
    thread.on('exit', (code) => onDeath(`it ended with code ${code}`));
    return { post: (message, transfer) => thread.postMessage(message, transfer) };
  });
}
