// The extension in a browser (vscode.dev and the like): the language server and a check are web workers.
import { type ExtensionContext, Uri, workspace } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { activateSnoopscope } from './activate.ts';
import type { BesideWorker } from './beside.ts';

export function activate(context: ExtensionContext): Promise<void> {
  const urlOf = (bundle: string) => scriptUrl(Uri.joinPath(context.extensionUri, 'dist', bundle));
  const start = async (bundle: string) => new Worker(await urlOf(bundle));
  return activateSnoopscope(context, {
    createClient: async (options) =>
      new LanguageClient('snoopscope', 'Snoopscope', await start('server-browser.js'), options),
    createWorker: async () => besideWorker(await start('check-browser.js')),
    levelWorker: () => urlOf('explore-level-worker-browser.js'),
  });
}

function besideWorker(worker: Worker): BesideWorker {
  return {
    post: (message) => worker.postMessage(message),
    listen(onReply, onError) {
      worker.onmessage = ({ data }) => onReply(data);
      worker.onerror = ({ message }) => onError(new Error(message));
    },
    terminate: () => worker.terminate(),
  };
}

// An extension that lies on a remote machine has no address that a browser could load a worker from; its text is loaded instead.
async function scriptUrl(script: Uri): Promise<string> {
  if (script.scheme === 'http' || script.scheme === 'https') return script.toString(true);
  const text = new Uint8Array(await workspace.fs.readFile(script));
  return URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
}
