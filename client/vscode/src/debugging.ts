// F5: the launch configuration that is filled in when there is none, and the debug adapter, which runs inside the extension.
import {
  type FileAccessor,
  isTrace,
  resolveBeside,
  type ScenarioErrors,
  SnoopscopeDebugSession,
  scenarioErrors,
} from '@snoopscope/debug-adapter';
import { COMMAND_IDS } from '@snoopscope/server/protocol';
import {
  commands,
  type DebugAdapterDescriptor,
  type DebugAdapterDescriptorFactory,
  DebugAdapterInlineImplementation,
  type DebugAdapterTracker,
  type DebugConfiguration,
  type DebugConfigurationProvider,
  DebugConfigurationProviderTriggerKind,
  type DebugSessionOptions,
  Disposable,
  debug,
  l10n,
  Position,
  Range,
  TabInputCustom,
  Uri,
  window,
  workspace,
} from 'vscode';
import { fromUri, readText, toUri } from './files.ts';
import { chosenKernel } from './kernel-picker.ts';

export const debugType = 'snoopscope';

/** The command that follows a {@link ScheduleToDebug}. */
export const DEBUG_COUNTEREXAMPLE = 'snoopscope.debugCounterexample';

export function registerDebugging(): Disposable {
  return Disposable.from(
    debug.registerDebugConfigurationProvider(debugType, provider),
    debug.registerDebugConfigurationProvider(debugType, openScenario, DebugConfigurationProviderTriggerKind.Dynamic),
    debug.registerDebugAdapterDescriptorFactory(debugType, factory),
    debug.registerDebugAdapterTrackerFactory(debugType, { createDebugAdapterTracker: () => openingDebugView() }),
    commands.registerCommand(COMMAND_IDS.debug, debugScenario),
    commands.registerCommand(DEBUG_COUNTEREXAMPLE, (wanted: ScheduleToDebug) => debugSchedule(wanted)),
  );
}

/** Starts a session for a scenario, the one in the editor by default. */
async function debugScenario(given?: Uri | string): Promise<boolean> {
  const uri = typeof given === 'string' ? Uri.parse(given) : (given ?? openScenarioUri());
  if (!uri) {
    void window.showErrorMessage(l10n.t('Open a .snoop file first: it is the scenario to debug.'));
    return false;
  }
  return start(uri, configurationFor(uri));
}

/** A way through a scenario, as an exploration found it. */
export interface ScheduleToDebug {
  /** URI of the scenario. */
  readonly scenario: string;
  readonly kernel: string;
  /** A `schedule` line; without items when any schedule leads there. */
  readonly schedule: string;
  /** Where to stop first. Without it the first violation on the way stops, or the end. */
  readonly finding?: string;
  /** At which of the steps that make it; the first when left out. */
  readonly nth?: number;
}

/** Starts a session that follows a schedule and stops at what it was found for. */
export function debugSchedule(
  { scenario, kernel, schedule, finding, nth }: ScheduleToDebug,
  options: DebugSessionOptions = {},
): Thenable<boolean> {
  const uri = Uri.parse(scenario);
  const configuration: DebugConfiguration = {
    ...configurationFor(uri),
    name: finding ? l10n.t('Counterexample: {0}', finding) : l10n.t('Outcome'),
    kernel,
    stopOnEntry: false,
    ...(schedule !== 'schedule' && { schedule }),
    ...(finding && { stopOnFinding: finding }),
    ...(finding && nth && { stopOnFindingCount: nth }),
  };
  return start(uri, configuration, options);
}

/** Starts a session on a kernel, before the first step. */
export function debugOn(uri: Uri, kernel: string | undefined, options: DebugSessionOptions = {}): Thenable<boolean> {
  const configuration = { ...configurationFor(uri), ...(kernel !== undefined && { kernel }) };
  return start(uri, configuration, options);
}

/** Starts a session on a kernel that runs to the first finding of a kind. */
export function debugUntil(uri: Uri, kernel: string, finding: string): Thenable<boolean> {
  const configuration = { ...configurationFor(uri), kernel, stopOnEntry: false, stopOnFinding: finding };
  return start(uri, configuration);
}

/** A text that is not saved yet is debugged as it is: VS Code would ask for a name first. */
function start(uri: Uri, configuration: DebugConfiguration, options: DebugSessionOptions = {}): Thenable<boolean> {
  const folder = workspace.getWorkspaceFolder(uri);
  return debug.startDebugging(folder, configuration, {
    ...options,
    ...(uri.scheme === 'untitled' && { suppressSaveBeforeStart: true }),
  });
}

const provider: DebugConfigurationProvider = {
  resolveDebugConfiguration(_folder, configuration) {
    // F5 without a launch.json comes here with an empty configuration.
    if (configuration.type || configuration.request || configuration.name) return configuration;
    const uri = openScenarioUri() ?? openTraceUri();
    // Ctrl+F5 puts `noDebug` into it.
    return uri && { ...configurationFor(uri), ...configuration };
  },

  async resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
    if (typeof configuration.program !== 'string' || configuration.program === '') {
      const message = l10n.t(
        'The launch configuration has no "program": name the scenario to run, for example "{0}".',
        '$' + '{file}',
      );
      return window.showErrorMessage(message).then(() => undefined);
    }
    const uri = toUri(configuration.program, folder);
    // A trace has its own kernel.
    const kernel = configuration.kernel || (isTrace(uri.path) ? undefined : chosenKernel(uri));
    const resolved = { ...configuration, program: fromUri(uri), ...(kernel && { kernel }) };
    const errors = await scenarioErrors(files, resolved);
    if (!errors) return resolved;
    void showErrors(errors);
    return undefined; // Nothing starts, and VS Code's own dialog, which offers a launch.json, is not shown.
  },
};

/** Goes to the first error and says how many there are; the button leads to all of them. */
async function showErrors({ file, first, count }: ScenarioErrors): Promise<void> {
  const uri = toUri(file);
  // Problems are those of open files.
  const place = new Position(first.line - 1, first.column - 1);
  await window.showTextDocument(uri, { selection: new Range(place, place) });
  const total = count === 1 ? l10n.t('It is the only error.') : l10n.t('There are {0} errors.', count);
  const name = workspace.asRelativePath(uri);
  const message = l10n.t('{0} cannot run. Line {1}: {2} {3}', name, first.line, first.message, total);
  const problems = l10n.t('Show Problems');
  if ((await window.showErrorMessage(message, problems)) === problems)
    await commands.executeCommand('workbench.actions.view.problems');
}

const openScenario: DebugConfigurationProvider = {
  provideDebugConfigurations() {
    const uri = openScenarioUri();
    return uri ? [configurationFor(uri)] : [];
  },
};

const factory: DebugAdapterDescriptorFactory = {
  createDebugAdapterDescriptor(): DebugAdapterDescriptor {
    return new DebugAdapterInlineImplementation(new SnoopscopeDebugSession(files));
  },
};

/**
 * Opens the view with the actors and their variables at the first stop of a session. VS Code does so by itself only at
 * breakpoints, unless it is told otherwise.
 */
function openingDebugView(): DebugAdapterTracker | undefined {
  if (workspace.getConfiguration('debug').get('openDebug') !== 'openOnDebugBreak') return undefined;
  let opened = false;
  return {
    onDidSendMessage(message: { readonly type?: string; readonly event?: string }) {
      if (opened || message.type !== 'event' || message.event !== 'stopped') return;
      opened = true;
      void showDebugView();
    },
  };
}

async function showDebugView(): Promise<void> {
  await commands.executeCommand('workbench.view.debug');
  // Keys are for the editor, as before.
  await commands.executeCommand('workbench.action.focusActiveEditorGroup');
}

export const files: FileAccessor = {
  readFile: (pathOrUri) => readText(toUri(pathOrUri)),
  readBytes: async (pathOrUri) => workspace.fs.readFile(toUri(pathOrUri)),
  writeBytes: async (pathOrUri, bytes) => workspace.fs.writeFile(toUri(pathOrUri), bytes),
  resolve: resolveBeside,
};

function configurationFor(uri: Uri): DebugConfiguration {
  return {
    type: debugType,
    request: 'launch',
    name: l10n.t('Debug scenario'),
    program: fromUri(uri),
    stopOnEntry: true,
  };
}

/** The trace whose summary is in front. */
export function openTraceUri(): Uri | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof TabInputCustom && isTrace(input.uri.path) ? input.uri : undefined;
}

function openScenarioUri(): Uri | undefined {
  const document = window.activeTextEditor?.document;
  return document?.languageId === 'snoop' ? document.uri : undefined;
}
