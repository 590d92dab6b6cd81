import { parentPort } from 'node:worker_threads';
import { answer } from './worker.ts';

parentPort?.on('message', (request) => answer(request, (reply) => parentPort?.postMessage(reply)));
