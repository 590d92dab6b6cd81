/** One worker of the benchmark's parallel run. */
import { parentPort } from 'node:worker_threads';
import { createLevelWorker, type ToLevelWorker } from '../../../sim-core/src/index.ts';

const work = createLevelWorker();
parentPort?.on('message', (message: ToLevelWorker) => {
  const answer = work(message);
  if (answer) parentPort?.postMessage(answer.message, answer.transfer);
});
