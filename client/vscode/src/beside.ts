// Work in a worker beside the editor, with a progress notification that cancels it.
import { includedFiles, type Progress, parse, type Share } from '@snoopscope/sim-core';
import { l10n, ProgressLocation, type TextDocument, Uri, window, workspace } from 'vscode';
import type { Beside, ProgressReply } from './beside-workers.ts';
import { readText } from './files.ts';
import { kernelsNamedFor } from './named-kernels.ts';
import type { ScenarioTexts } from './scenario-texts.ts';
import type { WorkerAnswer, WorkerRequest } from './worker.ts';

/** The scenario of a command that may name one; undefined, and `message`, when there is none. */
export async function scenarioFor(given: Uri | string | undefined, message: string): Promise<TextDocument | undefined> {
  const uri = typeof given === 'string' ? Uri.parse(given) : given;
  const document = uri ? await workspace.openTextDocument(uri) : window.activeTextEditor?.document;
  if (document?.languageId === 'snoop') return document;
  void window.showErrorMessage(message);
  return undefined;
}

/**
 * Asks a worker, with a notification that tells how far it is and cancels it. `cancel` is what else cancels it, `onTold`
 * who else is told.
 */
export async function askWorker(
  beside: Beside,
  request: WorkerRequest,
  title: string,
  {
    cancel = new AbortController(),
    onTold = () => {},
  }: { cancel?: AbortController; onTold?: (text: string, reply: ProgressReply) => void } = {},
): Promise<WorkerAnswer | undefined> {
  let onProgress: (reply: ProgressReply) => void = () => {};
  const answer = beside.ask(request, (reply) => onProgress(reply), cancel.signal);
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  await window.withProgress(options, (progress, cancelled) => {
    onProgress = (reply) => {
      const message = progressText(reply);
      progress.report({ message });
      onTold(message, reply);
    };
    cancelled.onCancellationRequested(() => cancel.abort());
    // What was cancelled is over for the user, whatever the worker still has to put together.
    const given = new Promise<void>((resolve) => cancel.signal.addEventListener('abort', () => resolve()));
    return Promise.race([answer, given]);
  });
  return answer;
}

function progressText(reply: ProgressReply): string {
  if ('said' in reply) return reply.said;
  const { states, frontier, bytes }: Progress = reply.progress;
  const rate = Math.round(states / Math.max(reply.seconds, 0.001));
  const unreduced = 'unreduced' in reply ? reply.unreduced : undefined;
  const count = states.toLocaleString();
  if ('drawn' in reply && reply.drawn)
    return [l10n.t('{0} moves', count), l10n.t('{0} runs to go', frontier.toLocaleString())].join(', ');
  const parts = [
    unreduced === undefined
      ? l10n.t('{0} states', count)
      : l10n.t('{0} states (at least {1} without reduction)', count, Math.round(unreduced).toLocaleString()),
    l10n.t('{0} a second', rate.toLocaleString()),
    l10n.t('frontier {0}', frontier.toLocaleString()),
    `${Math.ceil(bytes / 1024 ** 2)} MB`,
    ...('share' in reply && reply.share ? [shareText(reply.share)] : []),
  ];
  return parts.join(', ');
}

function shareText({ atMost, about }: Share): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  if (!about) return l10n.t('at most {0} done', percent(atMost));
  return l10n.t('about {0} done ({1} to {2})', percent(about.share), percent(about.low), percent(about.high));
}

/** The text of a scenario and of what it includes, as the simulator asks for it. Rejects when there is no such file. */
export async function textsOf(scenario: Uri): Promise<ScenarioTexts> {
  const text = await readText(scenario);
  const includes = await includesOf(text, scenario);
  const named = await kernelsNamedFor(scenario);
  return { text, includes, named: Object.fromEntries(named ?? []) };
}

/** The setting `snoopscope.NAME`, where it is set. */
export function numberSetting(
  scenario: Uri,
  name: 'limits.states' | 'limits.megabytes' | 'explore.workers' | 'explore.maxSwitches',
): number | undefined {
  const value = workspace.getConfiguration(undefined, scenario).get<number | null>(`snoopscope.${name}`);
  return typeof value === 'number' ? value : undefined;
}

async function includesOf(text: string, scenario: Uri): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  const paths = includedFiles(parse(text));
  for (let next = paths.next(); !next.done; ) {
    const path = next.value;
    // What cannot be read the simulator reports at the `include` line.
    const included = await readText(Uri.joinPath(scenario, '..', path)).catch(() => undefined);
    if (included !== undefined) texts[path] = included;
    next = paths.next(included === undefined ? undefined : parse(included));
  }
  return texts;
}
