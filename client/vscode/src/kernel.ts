// Which kernel scenarios run on: the setting snoopscope.kernel, shown and changed in the status bar.
import { PROFILES, profileNamed } from '@snoopscope/sim-core';
import {
  commands,
  Disposable,
  type QuickPickItem,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  type Uri,
  window,
  workspace,
} from 'vscode';

const section = 'snoopscope.kernel';

/** The profile that the setting names, or undefined when the scenario itself is to decide. */
export function chosenKernel(uri?: Uri): string | undefined {
  return workspace.getConfiguration(undefined, uri).get<string>(section) || undefined;
}

export function registerKernel(): Disposable {
  const item = window.createStatusBarItem('snoopscope.kernel', StatusBarAlignment.Right, 100);
  item.name = 'Snoopscope kernel';
  item.command = 'snoopscope.selectKernel';
  const show = () => showKernel(item);
  show();
  return Disposable.from(
    item,
    window.onDidChangeActiveTextEditor(show),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration(section) && show()),
    commands.registerCommand('snoopscope.selectKernel', selectKernel),
  );
}

function showKernel(item: StatusBarItem): void {
  const document = window.activeTextEditor?.document;
  if (document?.languageId !== 'snoop') {
    item.hide();
    return;
  }
  const name = chosenKernel(document.uri);
  const unknown = name !== undefined && profileNamed(name) === undefined;
  item.text = `$(server-process) ${name ?? "scenario's kernel"}`;
  item.tooltip = unknown
    ? `There is no kernel profile ${name}. Click to select one.`
    : 'The kernel that scenarios are run on. Click to select another.';
  item.backgroundColor = unknown ? new ThemeColor('statusBarItem.errorBackground') : undefined;
  item.show();
}

async function selectKernel(): Promise<void> {
  const current = chosenKernel(window.activeTextEditor?.document.uri);
  const fromScenario: QuickPickItem = {
    label: 'What the scenario says',
    description: 'its kernel line, else the newest',
  };
  const items = [
    fromScenario,
    ...PROFILES.toReversed().map(({ name, doc }): QuickPickItem => ({ label: name, description: doc })),
  ];
  const picked = await window.showQuickPick(items, {
    title: 'Kernel to simulate',
    placeHolder: current ?? fromScenario.label,
  });
  if (!picked) return;
  await workspace
    .getConfiguration()
    .update(section, picked === fromScenario ? undefined : picked.label, workspace.name === undefined);
}
