import type { LevelThread } from './explore-threads.ts';
import { createAnswerer } from './worker.ts';

const answer = createAnswerer(
  {
    start: (script) => levelThread(new Worker(script)),
    memory: crossOriginIsolated ? 'shared' : 'messages',
    processors: navigator.hardwareConcurrency,
  },
  (reply) => postMessage(reply),
);
addEventListener('message', ({ data }) => answer(data));

function levelThread(worker: Worker): LevelThread {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen({ onAnswer, onRefused, onDeath }) {
      worker.onmessage = ({ data }) => onAnswer(data);
      worker.onmessageerror = () => onDeath('its answer cannot be read');
      worker.onerror = (event) => {
        // A script that cannot be loaded has no error of its own.
        if (event instanceof ErrorEvent) onDeath(event.message);
        else onRefused('their script cannot be loaded here');
      };
    },
    terminate: () => worker.terminate(),
  };
}
