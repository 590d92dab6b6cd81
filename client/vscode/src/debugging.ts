// F5: the launch configuration that is filled in when there is none, and the debug adapter, which runs inside the extension.
import { SnoopscopeDebugSession } from '@snoopscope/debug-adapter';
import {
  commands,
  type DebugAdapterDescriptor,
  type DebugAdapterDescriptorFactory,
  DebugAdapterInlineImplementation,
  type DebugConfiguration,
  type DebugConfigurationProvider,
  DebugConfigurationProviderTriggerKind,
  Disposable,
  debug,
  Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from 'vscode';
import { chosenKernel } from './kernel.ts';

export const debugType = 'snoopscope';

export function registerDebugging(): Disposable {
  return Disposable.from(
    debug.registerDebugConfigurationProvider(debugType, provider),
    debug.registerDebugConfigurationProvider(debugType, openScenario, DebugConfigurationProviderTriggerKind.Dynamic),
    debug.registerDebugAdapterDescriptorFactory(debugType, factory),
    commands.registerCommand('snoopscope.debugScenario', debugScenario),
  );
}

/** Starts a session for a scenario, the one in the editor by default. */
async function debugScenario(uri = openScenarioUri()): Promise<boolean> {
  if (!uri) {
    void window.showErrorMessage('Open a .snoop file first: it is the scenario to debug.');
    return false;
  }
  return debug.startDebugging(workspace.getWorkspaceFolder(uri), configurationFor(uri));
}

const provider: DebugConfigurationProvider = {
  resolveDebugConfiguration(_folder, configuration) {
    // F5 without a launch.json comes here with an empty configuration.
    if (configuration.type || configuration.request || configuration.name) return configuration;
    const uri = openScenarioUri();
    return uri && configurationFor(uri);
  },

  resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
    if (typeof configuration.program !== 'string' || configuration.program === '') {
      const message =
        'The launch configuration has no "program": name the scenario to run, for example "$' + '{file}".';
      return window.showErrorMessage(message).then(() => undefined);
    }
    const uri = toUri(configuration.program, folder);
    const kernel = configuration.kernel || chosenKernel(uri);
    return { ...configuration, program: fromUri(uri), ...(kernel && { kernel }) };
  },
};

const openScenario: DebugConfigurationProvider = {
  provideDebugConfigurations() {
    const uri = openScenarioUri();
    return uri ? [configurationFor(uri)] : [];
  },
};

const factory: DebugAdapterDescriptorFactory = {
  createDebugAdapterDescriptor(): DebugAdapterDescriptor {
    return new DebugAdapterInlineImplementation(new SnoopscopeDebugSession({ readFile }));
  },
};

// Through VS Code, so that unsaved, remote and virtual files are read as the editor shows them.
async function readFile(pathOrUri: string): Promise<string> {
  const uri = toUri(pathOrUri);
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  return open?.getText() ?? new TextDecoder().decode(await workspace.fs.readFile(uri));
}

function configurationFor(uri: Uri): DebugConfiguration {
  return { type: debugType, request: 'launch', name: 'Debug scenario', program: fromUri(uri), stopOnEntry: true };
}

function openScenarioUri(): Uri | undefined {
  const document = window.activeTextEditor?.document;
  return document?.languageId === 'snoop' ? document.uri : undefined;
}

// Debug adapters know paths and URIs. A path belongs to the file system that the workspace is on, which need not be the local one.
function toUri(pathOrUri: string, folder: WorkspaceFolder | undefined = workspace.workspaceFolders?.[0]): Uri {
  if (/^[a-z][a-z0-9+.-]+:/i.test(pathOrUri)) return Uri.parse(pathOrUri, true);
  if (folder && folder.uri.scheme !== 'file') return folder.uri.with({ path: pathOrUri });
  return Uri.file(pathOrUri);
}

function fromUri(uri: Uri): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.toString();
}
