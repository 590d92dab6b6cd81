// The extension on desktop and in remote hosts: the language server is a Node process, a check is a Node worker.
import { Worker } from 'node:worker_threads';
import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { activateSnoopscope } from './activate.ts';
import type { CheckWorker } from './check.ts';

export function activate(context: ExtensionContext): Promise<void> {
  const server = { module: context.asAbsolutePath('dist/server.js'), transport: TransportKind.ipc };
  return activateSnoopscope(context, {
    createClient: async (options) =>
      new LanguageClient('snoopscope', 'Snoopscope', { run: server, debug: server }, options),
    createCheckWorker: async () => checkWorker(new Worker(context.asAbsolutePath('dist/check.js'))),
  });
}

function checkWorker(worker: Worker): CheckWorker {
  return {
    start(request, onReply, onError) {
      worker.on('message', onReply);
      worker.on('error', onError);
      worker.postMessage(request);
    },
    terminate: () => void worker.terminate(),
  };
}
