// The command "Check Scenario": every condition on every kernel that the scenario names, over all interleavings.
import { COMMAND_IDS } from '@snoopscope/server/protocol';
import { commands, Disposable, l10n, type OutputChannel, type Uri, window, workspace } from 'vscode';
import { answerLines } from './answer-text.ts';
import { askWorker, numberSetting, scenarioFor, textsOf } from './beside.ts';
import type { Beside } from './beside-workers.ts';
import type { CheckDiagnostics } from './check-diagnostics.ts';
import { VerdictLenses } from './verdict-lenses.ts';
import type { WorkerAnswer } from './worker.ts';

export function registerCheck(beside: Beside, diagnostics: CheckDiagnostics): Disposable {
  const output = window.createOutputChannel('Snoopscope');
  const lenses = new VerdictLenses();
  const check = (uri?: Uri | string) => checkScenario({ output, beside, diagnostics, lenses }, uri);
  return Disposable.from(output, lenses, commands.registerCommand(COMMAND_IDS.check, check));
}

/** Who judges, and where the verdict is shown. */
interface Shown {
  readonly output: OutputChannel;
  readonly beside: Beside;
  readonly diagnostics: CheckDiagnostics;
  readonly lenses: VerdictLenses;
}

/** Returns the verdict, or undefined when there was none: no scenario, or cancelled. */
async function checkScenario(
  { output, beside, diagnostics, lenses }: Shown,
  uri?: Uri | string,
): Promise<WorkerAnswer | undefined> {
  const document = await scenarioFor(uri, l10n.t('Open a .snoop file first: it is the scenario to check.'));
  if (!document) return undefined;
  const maxStates = numberSetting(document.uri, 'limits.states');
  const texts = await textsOf(document.uri);
  const request = { kind: 'check', ...texts, ...(maxStates !== undefined && { maxStates }) } as const;
  const name = workspace.asRelativePath(document.uri);
  const reply = await askWorker(beside, request, l10n.t('Checking {0}', name));
  if (!reply) return undefined;
  output.clear();
  output.appendLine(name);
  for (const line of answerLines(reply)) output.appendLine(line);
  if (reply.kind === 'judged') {
    diagnostics.set(document.uri, texts.text, reply.failures);
    lenses.set(document.uri, texts.text, reply.groups);
  }
  output.show(true);
  return reply;
}
