/** The language server: which request is answered by which feature. */
import { foldingRanges, NEWEST, outline } from '@snoopscope/sim-core';
import {
  CodeActionKind,
  type CompletionItem,
  CompletionTriggerKind,
  type Connection,
  DocumentRangesFormattingRequest,
  type InitializeResult,
  PositionEncodingKind,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { lensesOf } from './features/lenses.ts';
import { linksOf } from './features/links.ts';
import type { About } from './features/offers.ts';
import { RenameRefused } from './features/rename.ts';
import { colouredWords } from './features/tokens.ts';
import { refuseMalformed } from './messages.ts';
import { SERVER_COMMANDS } from './protocol.ts';
import { formatted, moreActions, serveWorkspace } from './server-workspace.ts';
import { type Host, Session } from './session.ts';
import { readSettings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import * as lsp from './to-lsp.ts';
import { TokenResults } from './token-results.ts';
import { MOST_SCENARIOS } from './workspace.ts';

/**
 * Serves one client. Everything that can be read is read through the client, except what the host reads itself. The
 * connection is one that is made with {@link checkingMessages}: handlers trust the shape of what they get.
 */
export function startServer(connection: Connection, host: Host): void {
  const session = new Session(connection, host);
  const { documents } = session;
  const { answer, take } = session.handlers;
  const tokens = new TokenResults();
  const tokensOf = (snapshot: Snapshot, ...lines: number[]): number[] => {
    const words = colouredWords(snapshot, ...lines);
    return lsp.toTokenData(documents.positions?.words(words, snapshot) ?? words);
  };
  refuseMalformed(connection);

  connection.onInitialize((params) => {
    session.initialize(params);
    const { pullDiagnostics } = session.options;
    const capabilities = {
      ...CAPABILITIES,
      positionEncoding: documents.positions?.encoding ?? PositionEncodingKind.UTF16,
      ...(pullDiagnostics && { diagnosticProvider: PULL }),
    };
    return { capabilities, serverInfo: { name: 'snoopscope' } } satisfies InitializeResult;
  });
  connection.onInitialized(take('initialized', () => session.initialized()));

  connection.onDidOpenTextDocument(
    take('didOpen', async ({ textDocument: { uri, languageId, version, text } }) => {
      documents.open(uri, languageId, version, text);
      session.validate(uri);
      session.validateIncluding(uri);
      await session.configure(uri);
    }),
  );
  connection.onDidChangeTextDocument(
    take('didChange', ({ textDocument: { uri, version }, contentChanges }) => {
      if (!documents.change(uri, version, contentChanges)) return;
      session.validate(uri);
      session.validateIncluding(uri);
    }),
  );
  connection.onDidCloseTextDocument(
    take('didClose', ({ textDocument: { uri } }) => {
      tokens.forget(uri);
      session.close(uri);
      session.validateIncluding(uri);
    }),
  );
  connection.onDidChangeConfiguration(
    take('didChangeConfiguration', async ({ settings }) => {
      if (!session.client.configuration)
        session.options = { ...session.options, settings: readSettings(settings?.snoopscope) };
      await Promise.all(documents.uris.map((uri) => session.configure(uri)));
    }),
  );
  connection.onDidChangeWatchedFiles(
    take('didChangeWatchedFiles', ({ changes }) => {
      for (const { uri } of changes) if (!documents.kernelFiles.forget(uri)) documents.includes.forget(uri);
      documents.refreshKernels();
      documents.refresh();
      // A file that could not be read until now is in no list: all may depend on it.
      for (const uri of documents.uris) session.validate(uri);
    }),
  );

  connection.onHover(
    answer('hover', async (snapshot, { position }) => {
      const { hoverAt } = await session.extras();
      const hover = hoverAt(snapshot, lsp.fromPosition(position));
      if (hover === undefined) return null;
      const note = session.noteOf(snapshot, position.line);
      const markdown = note === undefined ? hover.markdown : `${hover.markdown}\n\n${note}`;
      return lsp.toHover({ ...hover, markdown }, session.client.markdownHover);
    }),
  );
  connection.onCompletion(
    answer('completion', async (snapshot, { position, context }) => {
      const at = lsp.fromPosition(position);
      const { isBetweenStatements, offersAt } = await session.extras();
      const byBlank =
        context?.triggerKind === CompletionTriggerKind.TriggerCharacter && context.triggerCharacter === ' ';
      // Indentation is not a question.
      if (byBlank && isBetweenStatements(snapshot, at)) return [];
      const including = snapshot.scenario.lines[at.line]?.text.trimStart().startsWith('include');
      const files = including ? await session.workspace.beside(snapshot.uri) : [];
      const results = session.lastResults.of(snapshot, at.line);
      const { replace, offers } = offersAt(snapshot, at, { files, results });
      const target = { uri: snapshot.uri, line: at.line, replace, snippets: session.client.snippets };
      return offers.map((offer) => lsp.toCompletionItem(offer, target));
    }),
  );
  connection.onCompletionResolve(async (item: CompletionItem) => {
    try {
      const { aboutText } = await session.extras();
      const data = item.data as { about?: About; uri?: string } | undefined;
      const profile = documents.snapshot(data?.uri ?? '')?.profile ?? NEWEST;
      const text = data?.about && aboutText(data.about, profile);
      return text ? { ...item, documentation: lsp.markup(text, session.client.markdownCompletion) } : item;
    } catch (error) {
      session.handlers.reportBug('completionItem/resolve', error);
      return item;
    }
  });
  connection.onSignatureHelp(
    answer('signatureHelp', async (snapshot, { position }) => {
      const { signatureAt } = await session.extras();
      const signature = signatureAt(snapshot, lsp.fromPosition(position));
      return signature ? lsp.toSignatureHelp(signature, session.client.markdownSignature) : null;
    }),
  );
  connection.onDefinition(
    answer('definition', async (snapshot, { position }) => {
      const at = lsp.fromPosition(position);
      const { definitionAt, symbolAt } = await session.extras();
      const here = definitionAt(snapshot, at);
      if (here.length > 0 || symbolAt(snapshot, at) === undefined) return here.map(lsp.toLocation);
      // A procedure of a library uses names of the scenarios that include it.
      const { families } = await session.workspaceOf(snapshot);
      return definitionAt(snapshot, at, families).map(lsp.toLocation);
    }),
  );
  connection.onReferences(
    answer('references', async (snapshot, { position, context }) => {
      const { families } = await session.workspaceOf(snapshot);
      const { referencesAt } = await session.extras();
      return referencesAt(snapshot, lsp.fromPosition(position), context.includeDeclaration, families).map(
        lsp.toLocation,
      );
    }),
  );
  connection.onDocumentHighlight(
    answer('documentHighlight', async (snapshot, { position }) =>
      (await session.extras()).usesAt(snapshot, lsp.fromPosition(position)).map(lsp.toHighlight),
    ),
  );
  connection.onPrepareRename(
    answer('prepareRename', async (snapshot, { position }) => {
      const { families } = await session.workspaceOf(snapshot);
      const found = (await session.extras()).renameable(snapshot, lsp.fromPosition(position), families);
      return found ? { range: lsp.toRange(found.line, found.span), placeholder: found.name } : null;
    }),
  );
  connection.onRenameRequest(
    answer('rename', async (snapshot, { position, newName }) => {
      const { families, cut } = await session.workspaceOf(snapshot);
      const places = (await session.extras()).renamed(snapshot, lsp.fromPosition(position), newName, families);
      if (cut) throw new RenameRefused(TOO_MANY_SCENARIOS);
      const version = (uri: string) => documents.snapshot(uri)?.version ?? null;
      return lsp.toWorkspaceEdit(places, newName, session.client.versionedEdits ? version : undefined);
    }),
  );
  connection.onDocumentSymbol(
    answer('documentSymbol', ({ scenario }) =>
      outline(scenario).map((entry) => lsp.toDocumentSymbol(entry, (line) => scenario.lines[line]?.text.length ?? 0)),
    ),
  );
  connection.onDocumentLinks(answer('documentLink', (snapshot) => linksOf(snapshot).map(lsp.toDocumentLink)));
  connection.onFoldingRanges(answer('foldingRange', ({ scenario }) => foldingRanges(scenario).map(lsp.toFoldingRange)));
  connection.onSelectionRanges(
    answer('selectionRange', async (snapshot, { positions }) => {
      const { stretchesAt } = await session.extras();
      return positions.map((position) =>
        lsp.toSelectionRange(stretchesAt(snapshot, lsp.fromPosition(position)), position),
      );
    }),
  );
  connection.onDocumentFormatting(
    answer('formatting', (snapshot, { options }) => formatted(session, snapshot, options)),
  );
  connection.onDocumentRangeFormatting(
    answer('rangeFormatting', (snapshot, { range, options }) =>
      formatted(session, snapshot, options, (line) => range.start.line <= line && line <= range.end.line),
    ),
  );
  connection.onRequest(
    DocumentRangesFormattingRequest.type,
    answer('rangesFormatting', (snapshot, { ranges, options }) =>
      formatted(session, snapshot, options, (line) =>
        ranges.some(({ start, end }) => start.line <= line && line <= end.line),
      ),
    ),
  );
  connection.onCodeAction(
    answer('codeAction', async (snapshot, { range, context }, token) => {
      const only = context?.only;
      const { withCutCallFixes, withPointerFixes } = await session.extras();
      const found = withCutCallFixes(snapshot, await session.diagnosticsOf(snapshot, token));
      const lines = [range.start.line, range.end.line] as const;
      const more = await moreActions(session, snapshot, lines, only, found);
      if (only?.some((kind) => CodeActionKind.QuickFix.startsWith(kind)) === false) return more;
      const fixes = withPointerFixes(snapshot, found)
        .filter(({ line, span }) => lsp.touches(range, line, span))
        .flatMap((diagnostic) => lsp.toQuickFixes(diagnostic, snapshot, session.options.diagnosticPages));
      return [...fixes, ...more];
    }),
  );
  connection.onCodeLens(
    answer('codeLens', (snapshot) =>
      lensesOf(snapshot, session.options.commands, session.verdictOf(snapshot)).map((lens) =>
        lsp.toCodeLens(lens, snapshot.uri),
      ),
    ),
  );
  connection.languages.inlayHint.on(
    answer('inlayHint', async (snapshot, { range }, token) => {
      if (documents.settings(snapshot.uri).inlayHints?.results === false) return [];
      const hints = await session.hints(snapshot.uri, token);
      return hints.filter(({ line }) => range.start.line <= line && line <= range.end.line).map(lsp.toInlayHint);
    }),
  );
  connection.languages.inlineValue.on(
    answer('inlineValue', async (snapshot, { range, context }) => {
      const { inlineValues } = await session.extras();
      const stopped = context.stoppedLocation.end.line;
      return inlineValues(snapshot, range.start.line, range.end.line, stopped).map(lsp.toInlineValue);
    }),
  );
  connection.languages.semanticTokens.on(
    answer('semanticTokens/full', (snapshot) => tokens.full(snapshot.uri, tokensOf(snapshot))),
  );
  connection.languages.semanticTokens.onDelta(
    answer('semanticTokens/full/delta', (snapshot, { previousResultId }) =>
      tokens.delta(snapshot.uri, previousResultId, tokensOf(snapshot)),
    ),
  );
  connection.languages.semanticTokens.onRange(
    answer('semanticTokens/range', (snapshot, { range }) => ({
      data: tokensOf(snapshot, range.start.line, range.end.line + 1),
    })),
  );

  serveWorkspace(connection, session);
  connection.listen();
}

const TOO_MANY_SCENARIOS = `The workspace has more than ${MOST_SCENARIOS} scenarios or very many folders, so that not every use of the name can be found. Open the folder with the scenarios that share it.`;

const PULL = { interFileDependencies: true, workspaceDiagnostics: true };

const CAPABILITIES: InitializeResult['capabilities'] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
  hoverProvider: true,
  completionProvider: {
    resolveProvider: true,
    triggerCharacters: [...' ([{,=&."|-'],
    completionItem: { labelDetailsSupport: true },
  },
  signatureHelpProvider: { triggerCharacters: ['(', ',', ' '], retriggerCharacters: ['{', '=', ')'] },
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  workspace: {
    workspaceFolders: { supported: true, changeNotifications: true },
    fileOperations: {
      willRename: { filters: [{ pattern: { glob: '**/*.snoop' } }, { pattern: { glob: '**', matches: 'folder' } }] },
    },
  },
  renameProvider: { prepareProvider: true },
  documentSymbolProvider: true,
  documentLinkProvider: { resolveProvider: false },
  foldingRangeProvider: true,
  selectionRangeProvider: true,
  documentFormattingProvider: true,
  documentRangeFormattingProvider: { rangesSupport: true },
  documentOnTypeFormattingProvider: { firstTriggerCharacter: '}', moreTriggerCharacter: ['\n'] },
  typeDefinitionProvider: true,
  callHierarchyProvider: true,
  workspaceSymbolProvider: true,
  codeActionProvider: {
    codeActionKinds: [
      CodeActionKind.QuickFix,
      CodeActionKind.RefactorExtract,
      CodeActionKind.RefactorInline,
      CodeActionKind.RefactorRewrite,
      CodeActionKind.SourceFixAll,
    ],
  },
  codeLensProvider: { resolveProvider: false },
  executeCommandProvider: { commands: Object.values(SERVER_COMMANDS), workDoneProgress: true },
  inlayHintProvider: { resolveProvider: false },
  inlineValueProvider: true,
  semanticTokensProvider: { legend: lsp.TOKEN_LEGEND, full: { delta: true }, range: true },
};
