// Work in a worker beside the editor, with a progress notification that cancels it at once.
import { includePath, type Progress, parse } from '@snoopscope/sim-core';
import { ProgressLocation, type TextDocument, Uri, window, workspace } from 'vscode';
import { readText } from './files.ts';
import type { WorkerAnswer, WorkerReply, WorkerRequest } from './worker.ts';

/** A worker that runs worker.ts. Each platform has its own kind. */
export interface BesideWorker {
  start(request: WorkerRequest, onReply: (reply: WorkerReply) => void, onError: (error: Error) => void): void;
  terminate(): void;
}

export type CreateWorker = () => Promise<BesideWorker>;

/** The scenario of a command that may name one; undefined, and a message, when there is none. */
export async function scenarioFor(given: Uri | string | undefined, purpose: string): Promise<TextDocument | undefined> {
  const uri = typeof given === 'string' ? Uri.parse(given) : given;
  const document = uri ? await workspace.openTextDocument(uri) : window.activeTextEditor?.document;
  if (document?.languageId === 'snoop') return document;
  void window.showErrorMessage(`Open a .snoop file first: it is the scenario to ${purpose}.`);
  return undefined;
}

/** Asks a new worker; undefined when the user cancelled. A worker that dies is an error. */
export async function askWorker(
  createWorker: CreateWorker,
  request: WorkerRequest,
  title: string,
): Promise<WorkerAnswer | undefined> {
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  return window.withProgress(options, async (progress, cancelled) => {
    const worker = await createWorker();
    return new Promise<WorkerAnswer | undefined>((resolve, reject) => {
      cancelled.onCancellationRequested(() => resolve(undefined));
      const onReply = (reply: WorkerReply) => {
        if (reply.kind !== 'progress') return resolve(reply);
        const unreduced = 'unreduced' in reply ? reply.unreduced : undefined;
        progress.report({ message: progressText(reply.progress, reply.seconds, unreduced) });
      };
      worker.start(request, onReply, reject);
    }).finally(() => worker.terminate());
  });
}

function progressText({ states, frontier, bytes }: Progress, seconds: number, unreduced?: number): string {
  const rate = Math.round(states / Math.max(seconds, 0.001));
  const megabytes = Math.ceil(bytes / 1024 ** 2);
  const of = unreduced === undefined ? '' : ` (at least ${Math.round(unreduced).toLocaleString()} without reduction)`;
  return `${states.toLocaleString()} states${of}, ${rate.toLocaleString()} a second, frontier ${frontier.toLocaleString()}, ${megabytes} MB`;
}

/** The text of a scenario and of what it includes, as the simulator asks for it. */
export async function textsOf(document: TextDocument): Promise<{ text: string; includes: Record<string, string> }> {
  const includes: Record<string, string> = {};
  await collectIncludes(document.getText(), '', document.uri, includes);
  return { text: document.getText(), includes };
}

/** `snoopscope.limits.NAME`, where it is set. */
export function limitOf(document: TextDocument, name: 'states' | 'megabytes'): number | undefined {
  const value = workspace.getConfiguration(undefined, document.uri).get<number | null>(`snoopscope.limits.${name}`);
  return typeof value === 'number' ? value : undefined;
}

async function collectIncludes(
  text: string,
  from: string,
  scenario: Uri,
  found: Record<string, string>,
): Promise<void> {
  for (const { content } of parse(text).lines) {
    if (content.kind !== 'include') continue;
    const path = includePath(from, content.text.value);
    if (Object.hasOwn(found, path)) continue;
    const included = await readText(Uri.joinPath(scenario, '..', path)).catch(() => undefined);
    if (included === undefined) continue; // The simulator says so, at the line where it stands.
    found[path] = included;
    await collectIncludes(included, path, scenario, found);
  }
}
