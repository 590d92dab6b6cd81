/** A thread of `explore --workers`. */
import { parentPort } from 'node:worker_threads';
import { createLevelWorker, type ToLevelWorker } from '@snoopscope/sim-core';

const work = createLevelWorker();
parentPort?.on('message', (message: ToLevelWorker) => {
  const answer = work(message);
  if (answer) parentPort?.postMessage(answer.message, answer.transfer);
});
