// The commands "Compare Kernels" and "Bisect": what each proposition comes to on each kernel, and which change turns it.

import { COMMAND_IDS } from '@snoopscope/server/protocol';
import { PROFILES } from '@snoopscope/sim-core';
import { commands, Disposable, l10n, type QuickPickItem, Uri, ViewColumn, window, workspace } from 'vscode';
import { answerLines } from '../answer-text.ts';
import { askWorker, numberSetting, scenarioFor, textsOf } from '../beside.ts';
import type { Beside } from '../beside-workers.ts';
import { DEBUG_COUNTEREXAMPLE, debugOn } from '../debugging.ts';
import { compareInLockstep } from '../traces/lockstep.ts';
import type { WorkerAnswer } from '../worker.ts';
import { comparePage, DEBUG_ON_KERNEL, DEBUG_ON_TWO_KERNELS } from './compare-page.ts';

/** `onCompared` is told when a comparison is shown. */
export function registerCompare(beside: Beside, onCompared: () => void): Disposable {
  const compare = async (given: Uri | string | undefined, kernels: readonly string[] | undefined, title: string) => {
    const answer = await compareScenario(beside, given, kernels, title);
    if (answer?.kind === 'compared') onCompared();
    return answer;
  };
  return Disposable.from(
    commands.registerCommand(COMMAND_IDS.bisect, (uri?: Uri | string) =>
      compare(uri, undefined, l10n.t('Bisecting {0}')),
    ),
    commands.registerCommand(COMMAND_IDS.compare, async (uri?: Uri | string, asked?: readonly string[]) => {
      const kernels = Array.isArray(asked) ? asked : await pickKernels();
      return kernels && compare(uri, kernels, l10n.t('Comparing kernels for {0}'));
    }),
    commands.registerCommand(DEBUG_ON_TWO_KERNELS, debugOnTwo),
    commands.registerCommand(DEBUG_ON_KERNEL, (uri: string, kernel: string) => debugOn(Uri.parse(uri), kernel)),
  );
}

/** Two kernels side by side, which step together until their runs part. */
async function debugOnTwo(given?: Uri | string, asked?: readonly string[]): Promise<void> {
  const document = await scenarioFor(given, l10n.t('Open a .snoop file first: it is the scenario to debug.'));
  const [a, b, ...more] = (document && (Array.isArray(asked) ? asked : await pickKernels())) ?? [];
  if (!document || a === undefined || b === undefined) return;
  if (more.length > 0) {
    void window.showErrorMessage(l10n.t('Select two kernels: {0} are selected.', more.length + 2));
    return;
  }
  await compareInLockstep({ uri: document.uri, kernel: a }, { uri: document.uri, kernel: b });
}

/** Oldest first; undefined when fewer than two were picked. */
async function pickKernels(): Promise<string[] | undefined> {
  const items = PROFILES.toReversed().map(({ name, doc }): QuickPickItem => ({ label: name, description: doc }));
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Kernels to compare'),
    placeHolder: l10n.t('Select two or more'),
    canPickMany: true,
    matchOnDescription: true,
  });
  if (!picked || picked.length === 0) return undefined;
  if (picked.length === 1) {
    void window.showErrorMessage(l10n.t('Select two kernels or more: one has nothing to be compared with.'));
    return undefined;
  }
  const names = new Set(picked.map(({ label }) => label));
  return PROFILES.flatMap(({ name }) => (names.has(name) ? [name] : []));
}

async function compareScenario(
  beside: Beside,
  given: Uri | string | undefined,
  kernels: readonly string[] | undefined,
  title: string,
): Promise<WorkerAnswer | undefined> {
  const document = await scenarioFor(
    given,
    l10n.t('Open a .snoop file first: it is the scenario to compare kernels for.'),
  );
  if (!document) return undefined;
  const { uri } = document;
  const maxStates = numberSetting(uri, 'limits.states');
  const request = {
    kind: 'compare',
    ...(await textsOf(uri)),
    ...(kernels && { kernels }),
    ...(maxStates !== undefined && { maxStates }),
  } as const;
  const name = workspace.asRelativePath(uri);
  const answer = await askWorker(beside, request, title.replace('{0}', name));
  if (!answer) return undefined;
  if (answer.kind !== 'compared') {
    void window.showErrorMessage(answerLines(answer).slice(0, 2).join(' '));
    return answer;
  }
  const panel = window.createWebviewPanel(
    'snoopscope.compare',
    l10n.t('Kernels: {0}', name.split('/').at(-1) ?? name),
    { viewColumn: ViewColumn.Beside, preserveFocus: true },
    { enableCommandUris: [DEBUG_COUNTEREXAMPLE, DEBUG_ON_KERNEL, DEBUG_ON_TWO_KERNELS], localResourceRoots: [] },
  );
  panel.webview.html = comparePage({ scenario: uri.toString(), name, answer, nonce: crypto.randomUUID() });
  return answer;
}
