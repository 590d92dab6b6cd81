// Which kernel scenarios run on: the setting snoopscope.kernel, shown and changed in the status bar.
import { CHANGES, PROFILES, profileNamed } from '@snoopscope/sim-core';
import {
  commands,
  Disposable,
  type QuickPickItem,
  QuickPickItemKind,
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
    workspace.onDidChangeTextDocument(({ document }) => document === window.activeTextEditor?.document && show()),
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
  const chosen = chosenKernel(document.uri);
  const own = ownKernel(document.getText());
  const unknown = chosen !== undefined && profileNamed(chosen) === undefined;
  const overrides = chosen !== undefined && own !== undefined && chosen !== own;
  item.text = `$(server-process) ${chosen ?? `${own ?? newest} (scenario)`}`;
  item.tooltip = unknown
    ? `There is no kernel profile ${chosen}. Click to select one.`
    : overrides
      ? `The setting snoopscope.kernel counts before the scenario's own ${own}. Click to change it.`
      : 'The kernel that scenarios are run on. Click to select another.';
  const colour = unknown ? 'statusBarItem.errorBackground' : overrides ? 'statusBarItem.warningBackground' : undefined;
  item.backgroundColor = colour === undefined ? undefined : new ThemeColor(colour);
  item.show();
}

const mainline = PROFILES.filter((profile) => profile.mainline).toReversed();
const newest = mainline[0]?.name;

/** What the scenario's own `kernel` line says. */
function ownKernel(text: string): string | undefined {
  return /^\s*kernel\s+(\S+)/m.exec(text)?.[1];
}

function separator(label: string): QuickPickItem {
  return { label, kind: QuickPickItemKind.Separator };
}

/** What a release brought, in the subjects of its commits. */
function newIn(version: string): string {
  return CHANGES.filter(({ first }) => first === version)
    .map(({ subject }) => subject)
    .join(' · ');
}

async function selectKernel(): Promise<void> {
  const current = chosenKernel(window.activeTextEditor?.document.uri);
  const fromScenario: QuickPickItem = {
    label: 'What the scenario says',
    description: 'its kernel line, else the newest',
  };
  const items = [
    fromScenario,
    separator('mainline'),
    ...mainline.map(({ name }): QuickPickItem => ({ label: name, description: newIn(name) })),
    separator('as recorded from distributions, as posted, or proposed'),
    ...PROFILES.filter((profile) => !profile.mainline).map(
      ({ name, doc }): QuickPickItem => ({ label: name, description: doc }),
    ),
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
