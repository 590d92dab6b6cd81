// A thread of an exploration in a browser.
import { createLevelWorker } from '@snoopscope/sim-core';

const work = createLevelWorker();
addEventListener('message', ({ data }) => {
  const answer = work(data);
  if (answer) postMessage(answer.message, { transfer: answer.transfer });
});
