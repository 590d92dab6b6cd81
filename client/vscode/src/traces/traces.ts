// Runs as files: saving that of a session, opening one in the debugger, and two of them side by side.
import { commands, Disposable, debug, l10n, type QuickPickItem, Uri, window, workspace } from 'vscode';
import { debugType, openTraceUri } from '../debugging.ts';
import { fromUri, toUri } from '../files.ts';
import { compareInLockstep } from './lockstep.ts';
import { registerTraceEditor } from './trace-editor.ts';
import { COMPARE_TRACES, DEBUG_TRACE } from './trace-page.ts';

const EXTENSION = 'snooptrace';

export function registerTraces(): Disposable {
  return Disposable.from(
    registerTraceEditor(),
    commands.registerCommand('snoopscope.saveTrace', saveTrace),
    commands.registerCommand('snoopscope.openTrace', openTrace),
    commands.registerCommand(DEBUG_TRACE, debugTrace),
    commands.registerCommand(COMPARE_TRACES, compareTraces),
  );
}

/** Saves the runs of the session to a file that is asked for. Gives the file, or undefined when there is none. */
async function saveTrace(given?: unknown): Promise<Uri | undefined> {
  const session = debug.activeDebugSession;
  if (session?.type !== debugType) {
    void window.showErrorMessage(l10n.t('Start a debug session first: its runs are what is saved.'));
    return undefined;
  }
  const program = toUri(session.configuration.program);
  const defaultUri = program.with({ path: program.path.replace(/\.(snoop|snooptrace)$/, `.${EXTENSION}`) });
  const filters = { [l10n.t('Trace')]: [EXTENSION] };
  // In a menu a command gets what the menu is about.
  const uri = given instanceof Uri ? given : await window.showSaveDialog({ defaultUri, filters });
  if (!uri) return undefined;
  try {
    const { path, branches } = await session.customRequest('snoopscope/save', { path: fromUri(uri) });
    const saved = toUri(path);
    const name = workspace.asRelativePath(saved);
    void window.showInformationMessage(
      branches === 1
        ? l10n.t('The run is saved in {0}.', name)
        : l10n.t('The run and its {0} branches are saved in {1}.', branches, name),
    );
    return saved;
  } catch (error) {
    void window.showErrorMessage((error as Error).message);
    return undefined;
  }
}

async function openTrace(): Promise<boolean> {
  const [uri] = (await window.showOpenDialog({ filters: { [l10n.t('Trace')]: [EXTENSION] } })) ?? [];
  return uri ? debugTrace(uri) : false;
}

/** Starts a session in a trace, the one in front by default. */
async function debugTrace(given?: Uri | string): Promise<boolean> {
  const uri = typeof given === 'string' ? Uri.parse(given) : (given ?? openTraceUri());
  if (!uri) return openTrace();
  const name = uri.path.split('/').at(-1) ?? '';
  return debug.startDebugging(workspace.getWorkspaceFolder(uri), {
    type: debugType,
    request: 'launch',
    name,
    program: fromUri(uri),
    stopOnEntry: true,
  });
}

/** Two traces that are selected in the Explorer, or one and another that is asked for. */
async function compareTraces(given?: Uri | string, selected?: readonly Uri[]): Promise<void> {
  const first = typeof given === 'string' ? Uri.parse(given) : (given ?? openTraceUri());
  const chosen = selected && selected.length > 1 ? selected : first ? [first] : [];
  if (chosen.length > 2) {
    void window.showErrorMessage(l10n.t('Select two traces: {0} are selected.', chosen.length));
    return;
  }
  const a = chosen[0] ?? (await pickTrace(l10n.t('The first trace'), []));
  const b = a && (chosen[1] ?? (await pickTrace(l10n.t('The trace to compare it with'), [a])));
  if (a && b) await compareInLockstep({ uri: a }, { uri: b });
}

/** One of the workspace, or any other file. */
async function pickTrace(title: string, without: readonly Uri[]): Promise<Uri | undefined> {
  const left = new Set(without.map(String));
  const found = (await workspace.findFiles(`**/*.${EXTENSION}`)).filter((uri) => !left.has(String(uri)));
  const items: (QuickPickItem & { readonly uri?: Uri })[] = [
    ...found.map((uri) => ({ label: workspace.asRelativePath(uri), uri })).sort((x, y) => (x.label < y.label ? -1 : 1)),
    { label: l10n.t('Another file…') },
  ];
  const chosen = await window.showQuickPick(items, { title });
  if (!chosen || chosen.uri) return chosen?.uri;
  return (await window.showOpenDialog({ title, filters: { [l10n.t('Trace')]: [EXTENSION] } }))?.[0];
}
