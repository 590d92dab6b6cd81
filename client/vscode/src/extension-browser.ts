// The extension in a browser (vscode.dev and the like): the language server and a check are web workers.
import { type ExtensionContext, Uri, workspace } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { activateSnoopscope } from './activate.ts';
import type { BesideWorker } from './beside-workers.ts';
import { keeping } from './keeping.ts';

const SIMULATOR = 'simulator-browser.js';

export function activate(context: ExtensionContext): Promise<void> {
  // One address for each script: threads are known by what they run.
  const urlOf = keeping((bundle) => scriptUrl(Uri.joinPath(context.extensionUri, 'dist', bundle)));
  const start = async (bundle: string) => new Worker(await urlOf(bundle));
  return activateSnoopscope(context, {
    async createClient(options) {
      // In VS Code a worker does not know where its own script came from.
      const initializationOptions = { ...options.initializationOptions, simulator: await urlOf(SIMULATOR) };
      const worker = await start('server-browser.js');
      return new LanguageClient('snoopscope', 'Snoopscope', worker, { ...options, initializationOptions });
    },
    startBeside: async () => besideWorker(await start(SIMULATOR)),
    levelWorker: () => urlOf('explore-level-worker-browser.js'),
    localPath: () => undefined,
  });
}

function besideWorker(worker: Worker): BesideWorker {
  return {
    post: (message) => worker.postMessage(message),
    listen(onReply, onDeath) {
      worker.onmessage = ({ data }) => onReply(data);
      worker.onerror = ({ message }) => {
        worker.terminate();
        onDeath(message);
      };
    },
    end: () => worker.terminate(),
  };
}

// An extension on a remote machine has no address that a browser could load a worker from; its text is loaded instead.
async function scriptUrl(script: Uri): Promise<string> {
  if (script.scheme === 'http' || script.scheme === 'https') return script.toString(true);
  const text = new Uint8Array(await workspace.fs.readFile(script));
  return URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
}
