/** Requests about more than the open document: symbols and diagnostics of the workspace, callers, moved files, refactorings. */
import {
  type CallHierarchyIncomingCall,
  type CallHierarchyIncomingCallsParams,
  type CallHierarchyItem,
  type CallHierarchyOutgoingCall,
  type CallHierarchyOutgoingCallsParams,
  type CodeAction,
  CodeActionKind,
  type Connection,
  type DocumentDiagnosticParams,
  DocumentDiagnosticReportKind,
  ErrorCodes,
  type FormattingOptions,
  LSPErrorCodes,
  type RenameFilesParams,
  ResponseError,
  SymbolKind,
  type TextEdit,
  type WorkspaceDiagnosticParams,
  type WorkspaceDiagnosticReport,
  type WorkspaceEdit,
  type WorkspaceSymbol,
  type WorkspaceSymbolParams,
} from 'vscode-languageserver';
import type { Caller, Calls } from './features/call-hierarchy.ts';
import { type CommandName, SERVER_COMMANDS } from './protocol.ts';
import type { Session } from './session.ts';
import type { Snapshot } from './snapshot.ts';
import * as lsp from './to-lsp.ts';

export function serveWorkspace(connection: Connection, session: Session): void {
  const { documents, workspace } = session;
  const { answer, ask } = session.handlers;
  const families = async () => (await workspace.families(documents.uris[0] ?? '')).families;

  connection.onWorkspaceSymbol(
    ask<WorkspaceSymbolParams, WorkspaceSymbol[]>('workspace/symbol', [], async ({ query }) =>
      (await session.extras()).workspaceNames(await families(), query).map(lsp.toWorkspaceSymbol),
    ),
  );
  connection.onTypeDefinition(
    answer('typeDefinition', async (snapshot, { position }) =>
      (await session.extras()).typeDefinitionAt(snapshot, lsp.fromPosition(position)).map(lsp.toLocation),
    ),
  );
  // A client that is pushed diagnostics was not told that it may ask for them.
  const refusePull = () => {
    if (!session.options.pullDiagnostics)
      throw new ResponseError(ErrorCodes.MethodNotFound, 'Diagnostics are pushed; `pullDiagnostics` changes that.');
  };
  const pulled = answer('diagnostic', async (snapshot, _: DocumentDiagnosticParams, token) =>
    report(snapshot, await session.pulled(snapshot, token), session),
  );
  connection.languages.diagnostics.on(async (params, token) => {
    refusePull();
    const found = await pulled(params, token);
    if (found instanceof ResponseError) throw found;
    return found ?? { kind: DocumentDiagnosticReportKind.Full, items: [] };
  });
  connection.languages.diagnostics.onWorkspace(
    ask<WorkspaceDiagnosticParams, WorkspaceDiagnosticReport>(
      'workspace/diagnostic',
      { items: [] },
      async (_, token) => {
        refusePull();
        await families();
        const items: WorkspaceDiagnosticReport['items'] = [];
        for (const uri of await workspace.all()) {
          const open = documents.snapshot(uri);
          const snapshot = open ?? documents.closed(uri);
          if (snapshot === undefined || token.isCancellationRequested) continue;
          const found = open
            ? await session.pulled(open, token)
            : ((await session.checksOf(snapshot, () => !token.isCancellationRequested)) ?? []);
          items.push({ ...report(snapshot, found, session), uri, version: open?.version ?? null });
        }
        return { items };
      },
    ),
  );
  connection.languages.callHierarchy.onPrepare(
    answer('prepareCallHierarchy', async (snapshot, { position }) => {
      const found = (await session.extras()).callableAt(snapshot, lsp.fromPosition(position), await families());
      return found ? [toItem(found)] : null;
    }),
  );
  connection.languages.callHierarchy.onIncomingCalls(
    ask<CallHierarchyIncomingCallsParams, CallHierarchyIncomingCall[]>(
      'callHierarchy/incomingCalls',
      [],
      async ({ item }) =>
        (await session.extras())
          .callsTo(await families(), item.name)
          .map((calls) => ({ from: toItem(calls.other), fromRanges: ranges(calls) })),
    ),
  );
  connection.languages.callHierarchy.onOutgoingCalls(
    ask<CallHierarchyOutgoingCallsParams, CallHierarchyOutgoingCall[]>(
      'callHierarchy/outgoingCalls',
      [],
      async ({ item }) =>
        (await session.extras()).callsFrom(await families(), item.uri, item.range.start.line).map((calls) => ({
          to: toItem(calls.other),
          fromRanges: ranges(calls),
        })),
    ),
  );
  connection.workspace.onWillRenameFiles(
    ask<RenameFilesParams, WorkspaceEdit | null>('workspace/willRenameFiles', null, async ({ files }) => {
      const places = (await session.extras()).includesAfter(await families(), files);
      const changes: Record<string, TextEdit[]> = {};
      for (const { uri, newText, ...place } of places)
        changes[uri] = [...(changes[uri] ?? []), { range: lsp.toRange(place.line, place), newText }];
      return places.length === 0 ? null : { changes };
    }),
  );
  connection.onExecuteCommand(async ({ command, arguments: given }, token, progress) => {
    const name = COMMAND_NAMES.find((one) => SERVER_COMMANDS[one] === command);
    const uri: unknown = given?.[0];
    if (name === undefined || typeof uri !== 'string')
      return new ResponseError(ErrorCodes.InvalidParams, `${command} takes the URI of a scenario that is open.`);
    progress.begin(TITLES[name], undefined, undefined, true);
    try {
      const text = await session.command(name, uri, token);
      if (text !== undefined) return { text };
      return new ResponseError(LSPErrorCodes.RequestFailed, `${uri} is not open, or was edited meanwhile.`);
    } catch (error) {
      session.handlers.reportBug(command, error);
      return null;
    } finally {
      progress.done();
    }
  });
  connection.onDocumentOnTypeFormatting(
    answer('onTypeFormatting', (snapshot, { position, ch, options }) => {
      // After Enter the line above is done; after a brace its own line.
      const line = ch === '\n' ? position.line - 1 : position.line;
      return formatted(session, snapshot, options, (one) => one === line);
    }),
  );
}

const COMMAND_NAMES = Object.keys(SERVER_COMMANDS) as CommandName[];
const TITLES: Readonly<Record<CommandName, string>> = {
  run: 'Running the scenario',
  check: 'Checking the scenario',
  explore: 'Exploring the scenario',
};

/** The edits of the formatter in some lines, indented as the editor wants it. */
export async function formatted(
  session: Session,
  { scenario }: Snapshot,
  options: FormattingOptions | undefined,
  wanted: (line: number) => boolean = () => true,
): Promise<TextEdit[]> {
  const { formatting } = await session.extras();
  return formatting(scenario, options ?? {}, wanted).map(lsp.toTextEdit);
}

/** Refactorings of the lines that a range touches, and all safe fixes at once, as far as a client asks for them. */
export async function moreActions(
  session: Session,
  snapshot: Snapshot,
  lines: readonly [first: number, last: number],
  only: readonly string[] | undefined,
  found: Awaited<ReturnType<Session['diagnosticsOf']>>,
): Promise<CodeAction[]> {
  const asked = (kind: string): boolean => only?.some((one) => kind === one || kind.startsWith(`${one}.`)) ?? false;
  const actions: CodeAction[] = [];
  if (only === undefined || asked(CodeActionKind.Refactor) || only.some((one) => one.startsWith('refactor'))) {
    for (const one of (await session.extras()).refactoringsOf(snapshot, ...lines)) {
      const kind = `${CodeActionKind.Refactor}.${one.kind}`;
      if (only !== undefined && !asked(kind)) continue;
      const action = lsp.toRefactoring(one, kind, snapshot.uri);
      if (action.disabled === undefined || session.client.disabledActions) actions.push(action);
    }
  }
  if (!asked(CodeActionKind.SourceFixAll)) return actions;
  const edits = (await session.extras()).safeEdits(found).map(lsp.toTextEdit);
  if (edits.length > 0)
    actions.push({
      title: 'Fix all that has one safe fix',
      kind: CodeActionKind.SourceFixAll,
      edit: { changes: { [snapshot.uri]: edits } },
    });
  return actions;
}

function report(snapshot: Snapshot, found: Awaited<ReturnType<Session['diagnosticsOf']>>, { options }: Session) {
  return {
    kind: DocumentDiagnosticReportKind.Full as typeof DocumentDiagnosticReportKind.Full,
    items: found.map((one) => lsp.toDiagnostic(one, snapshot, options.diagnosticPages)),
  };
}

function toItem({ uri, name, isProcedure, line, endLine, endColumn, span }: Caller): CallHierarchyItem {
  return {
    name,
    kind: isProcedure ? SymbolKind.Function : SymbolKind.Class,
    uri,
    range: { start: { line, character: 0 }, end: { line: endLine, character: endColumn } },
    selectionRange: lsp.toRange(line, span),
  };
}

function ranges({ places }: Calls) {
  return places.map(({ line, span }) => lsp.toRange(line, span));
}
