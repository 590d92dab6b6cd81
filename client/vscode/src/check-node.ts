import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import type { LevelThread } from './explore-threads.ts';
import { createAnswerer } from './worker.ts';

const answer = createAnswerer(
  { start: (script) => levelThread(new Worker(script)), memory: 'shared', processors: availableParallelism() },
  (reply) => parentPort?.postMessage(reply),
);
parentPort?.on('message', (message) => answer(message));

function levelThread(worker: Worker): LevelThread {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen({ onAnswer, onDeath }) {
      worker.on('message', onAnswer);
      worker.on('messageerror', ({ message }) => onDeath(message));
      worker.on('error', (error) => onDeath(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => onDeath(`it ended with code ${code}`));
    },
    terminate: () => {
      worker.removeAllListeners('exit');
      void worker.terminate();
    },
  };
}
