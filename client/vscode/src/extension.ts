// The extension on desktop and in remote hosts: the language server is a Node process, explorations run in a Node worker.
import { Worker } from 'node:worker_threads';
import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { activateSnoopscope } from './activate.ts';
import type { BesideWorker } from './beside.ts';

export function activate(context: ExtensionContext): Promise<void> {
  const server = { module: context.asAbsolutePath('dist/server.js'), transport: TransportKind.ipc };
  return activateSnoopscope(context, {
    createClient: async (options) =>
      new LanguageClient('snoopscope', 'Snoopscope', { run: server, debug: server }, options),
    createWorker: async () => besideWorker(new Worker(context.asAbsolutePath('dist/check.js'))),
    levelWorker: async () => context.asAbsolutePath('dist/explore-level-worker.js'),
  });
}

function besideWorker(worker: Worker): BesideWorker {
  return {
    post: (message) => worker.postMessage(message),
    listen(onReply, onError) {
      worker.on('message', onReply);
      worker.on('error', onError);
      // After an answer nobody listens any more; before it, the worker has died.
      worker.on('exit', (code) => onError(new Error(`The exploration ended without an answer (exit code ${code}).`)));
    },
    terminate: () => void worker.terminate(),
  };
}
