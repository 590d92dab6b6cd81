// The extension on desktop and in remote hosts: the language server is a Node process of its own.
import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { activateSnoopscope } from './activate.ts';

export function activate(context: ExtensionContext): Promise<void> {
  const module = context.asAbsolutePath('dist/server.js');
  const server = { module, transport: TransportKind.ipc };
  return activateSnoopscope(
    context,
    (options) => new LanguageClient('snoopscope', 'Snoopscope', { run: server, debug: server }, options),
  );
}
