// Runs inside VS Code: how long two extensions take from the call to activate them to its end, their code not loaded yet.
import * as vscode from 'vscode';
import { report } from '../../vscode/suite/runner.ts';

const ids = ['snoopscope.snoopscope', 'vscode.markdown-language-features'];

export async function run(): Promise<void> {
  // The first one also pays for what both use; the bench swaps them from start to start.
  const order = vscode.workspace.getConfiguration('snoopscopeTest').get('reversed') ? ids.toReversed() : ids;
  for (const id of order) {
    const extension = vscode.extensions.getExtension(id);
    if (!extension) throw new Error(`This VS Code has no extension ${id}.`);
    if (extension.isActive) throw new Error(`${id} is active before it was asked to be.`);
    const began = performance.now();
    await extension.activate();
    await report({ kind: 'measured', id, milliseconds: performance.now() - began });
  }
  await report({ kind: 'end', tests: order.length });
}
