// The extension in a browser (vscode.dev and the like): the language server is a web worker.
import { type ExtensionContext, Uri, workspace } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { activateSnoopscope } from './activate.ts';

export async function activate(context: ExtensionContext): Promise<void> {
  const worker = new Worker(await scriptUrl(Uri.joinPath(context.extensionUri, 'dist/server-browser.js')));
  await activateSnoopscope(context, (options) => new LanguageClient('snoopscope', 'Snoopscope', worker, options));
}

// An extension that lies on a remote machine has no address that a browser could load a worker from; its text is loaded instead.
async function scriptUrl(script: Uri): Promise<string> {
  if (script.scheme === 'http' || script.scheme === 'https') return script.toString(true);
  const text = new Uint8Array(await workspace.fs.readFile(script));
  return URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
}
