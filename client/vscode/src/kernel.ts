// Which kernel scenarios run on: the setting snoopscope.kernel, shown and changed in the status bar.
import { PROFILES, profileNamed } from '@snoopscope/sim-core';
import {
  commands,
  Disposable,
  LanguageStatusSeverity,
  languages,
  type QuickPickItem,
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
  const status = languages.createLanguageStatusItem('snoopscope.kernel', { language: 'snoop' });
  status.name = 'Snoopscope kernel';
  status.command = { command: 'snoopscope.selectKernel', title: 'Select' };
  const show = () => {
    const name = chosenKernel(window.activeTextEditor?.document.uri);
    const known = name === undefined || profileNamed(name) !== undefined;
    status.text = name ?? 'kernel of the scenario';
    status.detail = known ? 'the kernel that scenarios run on' : 'no such kernel: select one';
    status.severity = known ? LanguageStatusSeverity.Information : LanguageStatusSeverity.Error;
  };
  show();
  return Disposable.from(
    status,
    window.onDidChangeActiveTextEditor(show),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration(section) && show()),
    commands.registerCommand('snoopscope.selectKernel', selectKernel),
  );
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
