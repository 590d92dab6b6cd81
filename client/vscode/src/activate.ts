// What the extension does, wherever it runs. The entries say how to start what runs beside the editor.
import type { ExtensionContext } from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import { type CheckWorker, registerCheck } from './check.ts';
import { registerDebugging } from './debugging.ts';
import { registerKernel } from './kernel.ts';

export interface Platform {
  createClient(options: LanguageClientOptions): Promise<BaseLanguageClient>;
  createCheckWorker(): Promise<CheckWorker>;
}

export async function activateSnoopscope(context: ExtensionContext, platform: Platform): Promise<void> {
  context.subscriptions.push(
    registerDebugging(),
    registerKernel(),
    registerCheck(() => platform.createCheckWorker()),
  );
  const client = await platform.createClient({ documentSelector: [{ language: 'snoop' }] });
  context.subscriptions.push(client);
  await client.start();
}
