// All that simulates beside the editor in a browser, as one script, so that the extension has it once: a part of the
// language server when its worker loads it, and otherwise a worker of its own.
import { simulation, type TakesSimulation } from '@snoopscope/server/simulation';
import { ThreadPool } from '@snoopscope/sim-core';
import { keeping } from './keeping.ts';
import { createAnswerer } from './worker.ts';

const { takeSimulation } = self as TakesSimulation;
if (takeSimulation) takeSimulation(simulation);
else workBeside();

function workBeside(): void {
  const threads = {
    pool: keeping(webThreads),
    memory: crossOriginIsolated ? 'shared' : 'messages',
    processors: navigator.hardwareConcurrency,
  } as const;
  const answer = createAnswerer({ threads, bytesOf: noPaths }, (reply) => postMessage(reply));
  addEventListener('message', ({ data }) => answer(data));
}

function noPaths(): never {
  throw new Error('A browser has no paths.');
}

function webThreads(script: string): ThreadPool {
  return new ThreadPool(({ onAnswer, onRefused, onDeath }) => {
    const thread = new Worker(script);
    thread.onmessage = ({ data }) => onAnswer(data);
    thread.onmessageerror = () => onDeath('its answer cannot be read');
    thread.onerror = (event) => {
      // A script that cannot be loaded has no error of its own.
      if (event instanceof ErrorEvent) onDeath(event.message);
      else onRefused('their script cannot be loaded here');
    };
    return { post: (message, transfer) => thread.postMessage(message, transfer) };
  });
}
