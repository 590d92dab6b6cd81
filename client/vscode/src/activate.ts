// What the extension does, wherever it runs. The entries say how to start what runs beside the editor.
import {
  FIND_SCENARIOS_REQUEST,
  type FindScenariosResult,
  type InitializationOptions,
  READ_FILE_REQUEST,
  type ReadFileParams,
  type ReadFileResult,
} from '@snoopscope/server/protocol';
import { type ExtensionContext, type TextDocument, Uri, workspace } from 'vscode';
import {
  type BaseLanguageClient,
  type ConfigurationMiddleware,
  DidChangeConfigurationNotification,
  type LanguageClientOptions,
} from 'vscode-languageclient';
import { Beside, type BesideWorker } from './beside-workers.ts';
import { registerCheck } from './check.ts';
import { CheckDiagnostics } from './check-diagnostics.ts';
import { registerCompare } from './compare/compare.ts';
import { registerDebugQuestions } from './debug-questions.ts';
import { registerDebugging } from './debugging.ts';
import { registerExplore } from './explore.ts';
import { readText } from './files.ts';
import { registerGallery } from './gallery/gallery-view.ts';
import { registerNewScenario } from './gallery/new-scenario.ts';
import { registerImport } from './import-log.ts';
import { chosenKernel, onDidChooseKernel, registerKernel } from './kernel-picker.ts';
import { registerTasks } from './tasks.ts';
import { registerTesting } from './testing/test-explorer.ts';
import { registerTraces } from './traces/traces.ts';
import { registerRunViews } from './views/run-views.ts';
import { registerWalkthrough, stepDone } from './walkthrough.ts';

export interface Platform {
  createClient(options: LanguageClientOptions): Promise<BaseLanguageClient>;
  startBeside(): Promise<BesideWorker>;
  /** Address or path of what the threads of an exploration run. */
  levelWorker(): Promise<string>;
  /** Where a file is, if what runs beside the editor can read it there. */
  localPath(uri: Uri): string | undefined;
}

export async function activateSnoopscope(context: ExtensionContext, platform: Platform): Promise<void> {
  const beside = new Beside(() => platform.startBeside());
  const diagnostics = new CheckDiagnostics();
  context.subscriptions.push(
    beside,
    diagnostics,
    registerDebugging(),
    registerDebugQuestions(),
    registerTraces(),
    registerKernel(context.workspaceState),
    registerCheck(beside, diagnostics),
    registerTesting(beside, diagnostics),
    registerTasks(beside),
    registerRunViews(context.extensionUri),
    registerExplore(
      context.extensionUri,
      beside,
      () => platform.levelWorker(),
      () => stepDone('explore'),
    ),
    registerImport(beside, (uri) => platform.localPath(uri), context.globalState),
    registerCompare(beside, () => stepDone('compare')),
    registerGallery(context.extensionUri),
    registerNewScenario(),
    registerWalkthrough(),
  );
  await whenScenarioIsOpen(context, () => startServer(context, platform));
}

/** A workspace with scenarios, none of them open, has tests and a gallery; it needs no server. */
async function whenScenarioIsOpen(context: ExtensionContext, start: () => Promise<void>): Promise<void> {
  const isScenario = ({ languageId }: TextDocument) => languageId === 'snoop';
  if (workspace.textDocuments.some(isScenario)) return start();
  const listener = workspace.onDidOpenTextDocument((document) => {
    if (!isScenario(document)) return;
    listener.dispose();
    void start();
  });
  context.subscriptions.push(listener);
}

async function startServer(context: ExtensionContext, platform: Platform): Promise<void> {
  const diagnosticPages = Uri.joinPath(context.extensionUri, 'docs/reference/diagnostics').toString();
  const initializationOptions: InitializationOptions = { readFile: true, findScenarios: true, diagnosticPages };
  const client = await platform.createClient({
    documentSelector: [{ language: 'snoop' }],
    initializationOptions,
    middleware: { workspace: { configuration: settingsForServer } },
  });
  client.onRequest(READ_FILE_REQUEST, readForServer);
  client.onRequest(FIND_SCENARIOS_REQUEST, findForServer);
  context.subscriptions.push(client);
  await client.start();
  // The server asks for the settings again, and gets the choice with them.
  const settingsChanged = () => client.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
  context.subscriptions.push(onDidChooseKernel(settingsChanged));
}

/** What the server knows as the setting snoopscope.kernel is the kernel that the scenario runs on in the editor. */
const settingsForServer: ConfigurationMiddleware['configuration'] = async (params, token, next) => {
  const settings = await next(params, token);
  if (!Array.isArray(settings)) return settings;
  return settings.map((value, index) => {
    const { section, scopeUri } = params.items[index] ?? {};
    if (section !== 'snoopscope' || scopeUri === undefined) return value;
    return { ...value, kernel: chosenKernel(Uri.parse(scopeUri)) ?? '' };
  });
};

// Included files on remote and virtual file systems, which the server cannot reach.
async function readForServer({ uri }: ReadFileParams): Promise<ReadFileResult> {
  const text = await readText(Uri.parse(uri)).catch(() => undefined);
  return text === undefined ? null : { text };
}

// What a rename has to look at, in workspaces that the server cannot look into.
async function findForServer(): Promise<FindScenariosResult> {
  const found = await workspace.findFiles('**/*.snoop');
  return { uris: found.map((uri) => uri.toString()) };
}
