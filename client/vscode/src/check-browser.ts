import { answer } from './worker.ts';

addEventListener('message', ({ data }) => answer(data, (reply) => postMessage(reply)));
