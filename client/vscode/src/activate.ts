// What the extension does, wherever it runs. Only the way to the language server differs between the entries.
import type { ExtensionContext } from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import { registerDebugging } from './debugging.ts';
import { registerKernel } from './kernel.ts';

export async function activateSnoopscope(
  context: ExtensionContext,
  createClient: (options: LanguageClientOptions) => BaseLanguageClient,
): Promise<void> {
  context.subscriptions.push(registerDebugging(), registerKernel());
  const client = createClient({ documentSelector: [{ language: 'snoop' }] });
  context.subscriptions.push(client);
  await client.start();
}
