// The command "Check Scenario": every condition on every kernel that the scenario names, over all interleavings.
import { COMMANDS } from '@snoopscope/server/protocol';
import { parse } from '@snoopscope/sim-core';
import {
  type CancellationToken,
  commands,
  Disposable,
  type OutputChannel,
  ProgressLocation,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { CheckReply, CheckRequest, CheckVerdict } from './check-worker.ts';
import { readText } from './files.ts';
import { verdictLines } from './verdict-text.ts';

/** A worker that runs check-worker.ts. Each platform has its own kind. */
export interface CheckWorker {
  start(request: CheckRequest, onReply: (reply: CheckReply) => void, onError: (error: Error) => void): void;
  terminate(): void;
}

export function registerCheck(createWorker: () => Promise<CheckWorker>): Disposable {
  const output = window.createOutputChannel('Snoopscope');
  const check = (uri?: Uri | string) =>
    checkScenario(output, createWorker, typeof uri === 'string' ? Uri.parse(uri) : uri);
  return Disposable.from(output, commands.registerCommand(COMMANDS.check, check));
}

/** Returns the verdict, or undefined when there was none: no scenario, or cancelled. */
async function checkScenario(
  output: OutputChannel,
  createWorker: () => Promise<CheckWorker>,
  uri?: Uri,
): Promise<CheckVerdict | undefined> {
  const document = uri ? await workspace.openTextDocument(uri) : window.activeTextEditor?.document;
  if (document?.languageId !== 'snoop') {
    void window.showErrorMessage('Open a .snoop file first: it is the scenario to check.');
    return undefined;
  }
  const request = await requestFor(document);
  const title = `Checking ${workspace.asRelativePath(document.uri)}`;
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  const reply = await window.withProgress(options, async (progress, cancelled) =>
    judge(await createWorker(), request, cancelled, (states) =>
      progress.report({ message: `${states.toLocaleString()} states` }),
    ),
  );
  if (!reply) return undefined;
  output.clear();
  output.appendLine(workspace.asRelativePath(document.uri));
  for (const line of verdictLines(reply)) output.appendLine(`  ${line}`);
  output.show(true);
  return reply;
}

function judge(
  worker: CheckWorker,
  request: CheckRequest,
  cancelled: CancellationToken,
  onProgress: (states: number) => void,
): Promise<CheckVerdict | undefined> {
  return new Promise<CheckVerdict | undefined>((resolve, reject) => {
    cancelled.onCancellationRequested(() => resolve(undefined));
    const onReply = (reply: CheckReply) => (reply.kind === 'progress' ? onProgress(reply.states) : resolve(reply));
    worker.start(request, onReply, reject);
  }).finally(() => worker.terminate());
}

async function requestFor(document: TextDocument): Promise<CheckRequest> {
  const maxStates = workspace.getConfiguration(undefined, document.uri).get<number | null>('snoopscope.limits.states');
  const includes: Record<string, string> = {};
  await collectIncludes(document.getText(), document.uri, includes);
  return { text: document.getText(), includes, ...(typeof maxStates === 'number' && { maxStates }) };
}

// Paths are relative to the scenario, also those in included files: that is how the simulator asks for them.
async function collectIncludes(text: string, scenario: Uri, found: Record<string, string>): Promise<void> {
  for (const { content } of parse(text).lines) {
    if (content.kind !== 'include' || Object.hasOwn(found, content.text.value)) continue;
    const path = content.text.value;
    const included = await readText(Uri.joinPath(scenario, '..', path)).catch(() => undefined);
    if (included === undefined) continue; // The simulator says so, at the line where it stands.
    found[path] = included;
    await collectIncludes(included, scenario, found);
  }
}
