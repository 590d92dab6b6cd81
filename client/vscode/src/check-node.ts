// The process beside the editor in Node. A process of its own: should V8 crash under the threads of an exploration, the
// editor's other extensions live on.
import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { keeping } from './keeping.ts';
import { editorThreads } from './node-threads.ts';
import { createAnswerer, type ToWorker } from './worker.ts';

const pool = keeping((script) => editorThreads(() => new Worker(script)));
const threads = { pool, memory: 'shared', processors: availableParallelism() } as const;
const answer = createAnswerer({ threads, bytesOf }, (reply) => {
  if (process.connected) process.send?.(reply);
});
process.on('message', (message) => answer(message as ToWorker));
// The editor is gone.
process.on('disconnect', () => process.exit());

function bytesOf(path: string): AsyncIterable<Uint8Array<ArrayBuffer>> {
  return createReadStream(path, { highWaterMark: 1 << 20 });
}
