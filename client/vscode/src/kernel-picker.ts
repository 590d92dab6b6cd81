// Which kernel scenarios run on, shown and changed in the status bar: the choice made for the scenario, else the setting
// snoopscope.kernel, else what the scenario says.
import { CHANGES, kernelLike, likeText, type NamedKernels, noKernel, PROFILES } from '@snoopscope/sim-core';
import {
  commands,
  Disposable,
  EventEmitter,
  type InputBoxValidationMessage,
  InputBoxValidationSeverity,
  l10n,
  type Memento,
  type QuickPickItem,
  QuickPickItemKind,
  StatusBarAlignment,
  type StatusBarItem,
  ThemeColor,
  type Uri,
  window,
  workspace,
} from 'vscode';
import { kernelsNamedFor } from './named-kernels.ts';

const section = 'snoopscope.kernel';
const storageKey = 'kernels';

/** The profile chosen for each scenario, by its URI; '' where the scenario itself is to decide, whatever the setting. */
const choices = new Map<string, string>();
const choiceMade = new EventEmitter<void>();

/** A kernel was selected for a scenario. Changes of the setting are reported as such. */
export const onDidChooseKernel = choiceMade.event;

/** The profile chosen for a scenario or by the setting, or undefined when the scenario itself is to decide. */
export function chosenKernel(uri?: Uri): string | undefined {
  const own = uri && choices.get(uri.toString());
  return (own ?? workspace.getConfiguration(undefined, uri).get<string>(section)) || undefined;
}

/** `storage` keeps the choices of the workspace. */
export function registerKernel(storage: Memento): Disposable {
  for (const [uri, kernel] of storage.get<[string, string][]>(storageKey) ?? []) choices.set(uri, kernel);
  const item = window.createStatusBarItem('snoopscope.kernel', StatusBarAlignment.Right, 100);
  item.name = l10n.t('Snoopscope kernel');
  item.command = 'snoopscope.selectKernel';
  const show = () => void showKernel(item);
  show();
  return Disposable.from(
    item,
    window.onDidChangeActiveTextEditor(show),
    workspace.onDidChangeTextDocument(({ document }) => document === window.activeTextEditor?.document && show()),
    workspace.onDidChangeConfiguration((change) => change.affectsConfiguration(section) && show()),
    onDidChooseKernel(show),
    commands.registerCommand('snoopscope.selectKernel', () => selectKernel(storage)),
  );
}

async function showKernel(item: StatusBarItem): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document?.languageId !== 'snoop') {
    item.hide();
    return;
  }
  const named = await kernelsNamedFor(document.uri);
  // Another editor was opened meanwhile: that one is shown.
  if (window.activeTextEditor?.document !== document) return;
  const chosen = chosenKernel(document.uri);
  const own = ownKernel(document.getText());
  const name = chosen ?? own ?? newest ?? '';
  const like = kernelLike(name, named);
  const unknown = chosen !== undefined && like === undefined;
  const overrides = chosen !== undefined && own !== undefined && chosen !== own;
  item.text = `$(server-process) ${chosen ?? l10n.t('{0} (scenario)', own ?? newest ?? '')}`;
  const nearest = like === undefined || like.exact ? '' : `${likeText(name, like)} `;
  const isChoice = choices.has(document.uri.toString());
  const tooltip = unknown
    ? l10n.t('There is no kernel {0}. Click to select one.', chosen)
    : overrides
      ? isChoice
        ? l10n.t("Selected for this scenario, and counts before the scenario's own {0}. Click to change it.", own)
        : l10n.t("The setting snoopscope.kernel, and counts before the scenario's own {0}. Click to change it.", own)
      : l10n.t('The kernel that this scenario runs on. Click to select another.');
  item.tooltip = `${nearest}${tooltip}`;
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

// The language is known when they are shown, not yet when this file is loaded.
const fromScenario: QuickPickItem = {
  get label() {
    return l10n.t('What the scenario says');
  },
  get description() {
    return l10n.t('its kernel line, else the newest');
  },
};
const typed: QuickPickItem = {
  get label() {
    return l10n.t('Another kernel…');
  },
  get description() {
    return l10n.t('what uname -r prints, or single changes of a profile');
  },
};
const forAll: QuickPickItem = {
  get label() {
    return l10n.t('For all scenarios…');
  },
  get description() {
    return l10n.t('change the setting snoopscope.kernel');
  },
};

/** For the open scenario alone; for all of them when asked to, or when none is open. */
async function selectKernel(storage: Memento): Promise<void> {
  const document = window.activeTextEditor?.document;
  const scenario = document?.languageId === 'snoop' ? document.uri : undefined;
  if (!scenario) return selectForAll();
  const name = scenario.path.split('/').at(-1);
  const named = await kernelsNamedFor(scenario);
  const picked = await pickKernel(l10n.t('Kernel to run {0} on', name ?? ''), chosenKernel(scenario), [forAll], named);
  if (picked === undefined) return;
  if (picked === forAll) return selectForAll();
  choices.set(scenario.toString(), picked === fromScenario ? '' : picked.label);
  await storage.update(storageKey, [...choices]);
  choiceMade.fire();
}

async function selectForAll(): Promise<void> {
  const setting = workspace.getConfiguration().get<string>(section) || undefined;
  const picked = await pickKernel(l10n.t('Kernel to run all scenarios on'), setting, []);
  if (picked === undefined) return;
  const value = picked === fromScenario ? undefined : picked.label;
  await workspace.getConfiguration().update(section, value, workspace.name === undefined);
}

async function pickKernel(
  title: string,
  current: string | undefined,
  more: readonly QuickPickItem[],
  named: NamedKernels = new Map(),
): Promise<QuickPickItem | undefined> {
  const own = [...named].map(([label, description]): QuickPickItem => ({ label, description }));
  const items = [
    fromScenario,
    typed,
    ...more,
    ...(own.length > 0 ? [separator(l10n.t('named in snoopscope.json')), ...own] : []),
    separator(l10n.t('mainline')),
    ...mainline.map(({ name }): QuickPickItem => ({ label: name, description: newIn(name) })),
    separator(l10n.t('as recorded from distributions, as posted, or proposed')),
    ...PROFILES.filter((profile) => !profile.mainline).map(
      ({ name, doc }): QuickPickItem => ({ label: name, description: doc }),
    ),
  ];
  const picked = await window.showQuickPick(items, { title, placeHolder: current ?? fromScenario.label });
  if (picked !== typed) return picked;
  const label = await window.showInputBox({
    title,
    prompt: l10n.t('What uname -r prints, or a kernel with single changes added (+) and removed (~).'),
    placeHolder: '6.8.0-45-generic, v6.12+flush-noncoherent-dma',
    validateInput: (text) => validated(text.trim(), named),
  });
  return label === undefined ? undefined : { label: label.trim() };
}

function validated(text: string, named: NamedKernels): InputBoxValidationMessage | undefined {
  const like = kernelLike(text, named);
  if (like === undefined) return { message: noKernel(text, named).message, severity: InputBoxValidationSeverity.Error };
  return { message: likeText(text, like), severity: InputBoxValidationSeverity.Info };
}
