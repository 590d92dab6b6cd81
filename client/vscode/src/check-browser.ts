import { answer } from './check-worker.ts';

addEventListener('message', ({ data }) => answer(data, (reply) => postMessage(reply)));
