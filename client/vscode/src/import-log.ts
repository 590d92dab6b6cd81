// "Import Log": a scenario from what a tracer wrote while a VMM ran. A log that is opened offers it.
import { sourceOf } from '@snoopscope/sim-core';
import {
  CodeAction,
  type CodeActionContext,
  CodeActionKind,
  commands,
  Disposable,
  l10n,
  languages,
  type Memento,
  type OutputChannel,
  type TextDocument,
  Uri,
  window,
  workspace,
} from 'vscode';
import { answerLines } from './answer-text.ts';
import { askWorker } from './beside.ts';
import type { Beside } from './beside-workers.ts';
import type { FileToRead, ImportedReply, ProcessOffer } from './import-worker.ts';
import type { WorkerAnswer } from './worker.ts';

const importCommand = 'snoopscope.importLog';
/** The key of the answer "Never ask". */
const neverKey = 'snoopscope.neverOfferImport';
/** Lines, and characters, that decide whether what is opened is a log of a VMM. */
const PROBE_LINES = 1000;
const PROBE_CHARACTERS = 4 << 20;
/** What a log has if there is something to import. */
const RELEVANT = /\/dev\/(?:kvm|vfio|iommu)\b|\bKVM_[A-Z]|\bVFIO_[A-Z]|\bk?vm_?exit\b|\bkvm_vfio|\bvfio_/;

/**
 * `localPath` says where a file is, if the worker can read it there. `storage` keeps that nothing is to be offered any more.
 */
export function registerImport(
  beside: Beside,
  localPath: (uri: Uri) => string | undefined,
  storage: Memento,
): Disposable {
  const output = window.createOutputChannel(l10n.t('Snoopscope Import'));
  const importing = (given?: Uri | string, selected?: readonly Uri[]) =>
    importLogs({ output, beside, localPath }, given, selected);
  const offered = new Set<string>();
  const offer = (document: TextDocument | undefined) => {
    if (!document || offered.has(document.uri.toString()) || storage.get(neverKey)) return;
    if (!isLog(document)) return;
    offered.add(document.uri.toString());
    void offerImport(document.uri, storage);
  };
  offer(window.activeTextEditor?.document);
  return Disposable.from(
    output,
    commands.registerCommand(importCommand, importing),
    languages.registerCodeActionsProvider(
      { language: 'snoop' },
      { provideCodeActions: (document, _, context) => pastedLines(document, context) },
      { providedCodeActionKinds: [CodeActionKind.QuickFix] },
    ),
    window.onDidChangeActiveTextEditor((editor) => offer(editor?.document)),
  );
}

interface Surroundings {
  readonly output: OutputChannel;
  readonly beside: Beside;
  readonly localPath: (uri: Uri) => string | undefined;
}

/** Imports the files selected in the Explorer, the given one, or those that are picked. Undefined when there was nothing. */
async function importLogs(
  { output, beside, localPath }: Surroundings,
  given: Uri | string | undefined,
  selected: readonly Uri[] | undefined,
): Promise<WorkerAnswer | undefined> {
  const one = typeof given === 'string' ? Uri.parse(given) : given;
  const uris = selected && selected.length > 0 ? selected : one ? [one] : await pickLogs();
  if (!uris || uris.length === 0) return undefined;
  const files = await Promise.all(uris.map((uri) => fileToRead(uri, localPath))).catch((error: Error) => {
    void window.showErrorMessage(error.message);
  });
  if (!files) return undefined;
  const names = files.map(({ name }) => name).join(', ');
  const title = l10n.t('Importing {0}', names);
  let reply = await askWorker(beside, { kind: 'import', files }, title);
  if (reply?.kind === 'processes') {
    const pid = await pickProcess(reply.processes);
    if (pid === undefined) return undefined;
    reply = await askWorker(beside, { kind: 'import', files, pid }, title);
  }
  if (!reply) return undefined;
  if (reply.kind === 'imported') await show(reply, output);
  else void window.showErrorMessage(answerLines(reply).slice(0, 2).join(' '));
  return reply;
}

function pickLogs(): Thenable<Uri[] | undefined> {
  return window.showOpenDialog({
    title: l10n.t('Logs of one run, and files about its machine'),
    openLabel: l10n.t('Import'),
    canSelectMany: true,
  });
}

/** A VMM of the log, when it has several; their descriptors have nothing to do with each other. */
async function pickProcess(processes: readonly ProcessOffer[]): Promise<number | undefined> {
  const items = processes.map(({ pid, calls, line, vms }) => ({
    label: l10n.t('Process {0}', pid),
    description: l10n.t('calls: {0}, VMs: {1}, from line {2} on', calls, vms, line),
    pid,
  }));
  const placeHolder = l10n.t('Several processes of the log use KVM or VFIO: which one?');
  return (await window.showQuickPick(items, { placeHolder }))?.pid;
}

async function fileToRead(uri: Uri, localPath: (uri: Uri) => string | undefined): Promise<FileToRead> {
  const name = uri.path.split('/').at(-1) ?? uri.path;
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open?.isUntitled || open?.isDirty)
    return { name, contents: new Uint8Array(new TextEncoder().encode(open.getText())) };
  const path = localPath(uri);
  return { name, contents: path ?? new Uint8Array(await workspace.fs.readFile(uri)) };
}

async function show(reply: ImportedReply, output: OutputChannel): Promise<void> {
  const { scenario, kernel, statements, differences, remarks } = reply;
  output.clear();
  for (const line of remarks) output.appendLine(line);
  const document = await workspace.openTextDocument({ language: 'snoop', content: scenario });
  await window.showTextDocument(document, { preview: false });
  const [debug, details] = [l10n.t('Debug'), l10n.t('Show details')];
  const summary =
    differences === 0
      ? l10n.t('{0} statements; {1} gives every result that the log has.', statements, kernel)
      : l10n.t('{0} statements; {1} differs from the log in {2} places.', statements, kernel, differences);
  const tell = differences === 0 ? window.showInformationMessage : window.showWarningMessage;
  void tell(summary, debug, details).then((chosen) => {
    if (chosen === debug) void commands.executeCommand('snoopscope.debugScenario', document.uri);
    if (chosen === details) output.show(true);
  });
}

/** For a pointer that strace did not follow: what it points to is inferred from all of the lines. */
function pastedLines({ uri }: TextDocument, { diagnostics }: CodeActionContext): CodeAction[] {
  const undecoded = diagnostics.filter(({ code }) => (typeof code === 'object' ? code.value : code) === UNDECODED);
  if (undecoded.length === 0) return [];
  const title = l10n.t('Import the lines of strace as a new scenario');
  const action = new CodeAction(title, CodeActionKind.QuickFix);
  action.command = { title, command: importCommand, arguments: [uri] };
  action.diagnostics = undecoded;
  return [action];
}

const UNDECODED = 'undecoded-pointer';

function isLog(document: TextDocument): boolean {
  if (document.languageId === 'snoop' || !['file', 'untitled', 'vscode-remote'].includes(document.uri.scheme))
    return false;
  const lines = Array.from({ length: Math.min(document.lineCount, PROBE_LINES) }, (_, i) => document.lineAt(i).text);
  return sourceOf(lines) !== undefined && RELEVANT.test(document.getText().slice(0, PROBE_CHARACTERS));
}

async function offerImport(uri: Uri, storage: Memento): Promise<void> {
  const [now, never] = [l10n.t('Import'), l10n.t('Never ask')];
  const name = uri.path.split('/').at(-1) ?? uri.path;
  const question = l10n.t('{0} is a log of a VMM. Snoopscope can make a scenario from it.', name);
  const chosen = await window.showInformationMessage(question, now, never);
  if (chosen === now) await commands.executeCommand(importCommand, uri);
  if (chosen === never) await storage.update(neverKey, true);
}
