import { parentPort } from 'node:worker_threads';
import { createAnswerer } from './worker.ts';

const answer = createAnswerer((reply) => parentPort?.postMessage(reply));
parentPort?.on('message', (message) => answer(message));
