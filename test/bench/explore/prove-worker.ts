/** One worker of the benchmark's parallel run. */
import { parentPort } from 'node:worker_threads';
import { createLevelWorker, type ToLevelWorker } from '../../../sim-core/src/index.ts';

const work = createLevelWorker();
parentPort?.on('message', (message: ToLevelWorker) => {
  const done = work(message);
  if (done) parentPort?.postMessage(done);
});
