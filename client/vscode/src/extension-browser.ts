// The extension in a browser (vscode.dev and the like): the language server is a web worker.
import { type ExtensionContext, Uri } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { activateSnoopscope } from './activate.ts';

export function activate(context: ExtensionContext): Promise<void> {
  const script = Uri.joinPath(context.extensionUri, 'dist/server-browser.js').toString(true);
  return activateSnoopscope(
    context,
    (options) => new LanguageClient('snoopscope', 'Snoopscope', new Worker(script), options),
  );
}
