import { createAnswerer } from './worker.ts';

const answer = createAnswerer((reply) => postMessage(reply));
addEventListener('message', ({ data }) => answer(data));
