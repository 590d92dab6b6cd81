// What docs/editors.md says that the language server has is what it tells a client when it starts.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connected, FULL_CAPABILITIES } from './client.ts';

/** By row of the page: the capabilities that it is about. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  diagnostics: ['textDocumentSync'],
  'pull and workspace diagnostics': ['diagnosticProvider'],
  'completion, resolve': ['completionProvider'],
  hover: ['hoverProvider'],
  'signature help': ['signatureHelpProvider'],
  'definition, references, highlight': ['definitionProvider', 'referencesProvider', 'documentHighlightProvider'],
  'type definition': ['typeDefinitionProvider'],
  'call hierarchy': ['callHierarchyProvider'],
  'document and workspace symbols': ['documentSymbolProvider', 'workspaceSymbolProvider'],
  rename: ['renameProvider'],
  'moved files': ['workspace'],
  'quick fixes, `source.fixAll`': ['codeActionProvider'],
  refactorings: ['codeActionProvider'],
  formatting: ['documentFormattingProvider', 'documentRangeFormattingProvider', 'documentOnTypeFormattingProvider'],
  'inlay hints': ['inlayHintProvider'],
  'inline values': ['inlineValueProvider'],
  'lenses, commands': ['codeLensProvider', 'executeCommandProvider'],
  links: ['documentLinkProvider'],
  'folding, selection, semantic tokens': ['foldingRangeProvider', 'selectionRangeProvider', 'semanticTokensProvider'],
};

test('the table of the page is what the server tells a client', async () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/editors.md'), 'utf8');
  const [, table = ''] = /^\| request \| what it gives \|\n\| --- \| --- \|\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const rows = table
    .trimEnd()
    .split('\n')
    .map((row) => row.split(' | ')[0]!.replace(/^\| /, ''));
  expect(rows).toEqual(Object.keys(ROWS));

  const { capabilities } = await connected().initialize({
    initializationOptions: { pullDiagnostics: true },
    capabilities: FULL_CAPABILITIES,
  });
  const { positionEncoding: _, ...told } = capabilities;
  expect(Object.keys(told).sort()).toEqual([...new Set(Object.values(ROWS).flat())].sort());
});

/** By capability: the requests that it announces. */
const REQUESTS: Readonly<Record<string, readonly string[]>> = {
  callHierarchyProvider: [
    'textDocument/prepareCallHierarchy',
    'callHierarchy/incomingCalls',
    'callHierarchy/outgoingCalls',
  ],
  codeActionProvider: ['textDocument/codeAction'],
  codeLensProvider: ['textDocument/codeLens'],
  completionProvider: ['textDocument/completion', 'completionItem/resolve'],
  definitionProvider: ['textDocument/definition'],
  diagnosticProvider: ['textDocument/diagnostic', 'workspace/diagnostic'],
  documentFormattingProvider: ['textDocument/formatting'],
  documentHighlightProvider: ['textDocument/documentHighlight'],
  documentLinkProvider: ['textDocument/documentLink'],
  documentOnTypeFormattingProvider: ['textDocument/onTypeFormatting'],
  documentRangeFormattingProvider: ['textDocument/rangeFormatting', 'textDocument/rangesFormatting'],
  documentSymbolProvider: ['textDocument/documentSymbol'],
  executeCommandProvider: ['workspace/executeCommand'],
  foldingRangeProvider: ['textDocument/foldingRange'],
  hoverProvider: ['textDocument/hover'],
  inlayHintProvider: ['textDocument/inlayHint'],
  inlineValueProvider: ['textDocument/inlineValue'],
  referencesProvider: ['textDocument/references'],
  renameProvider: ['textDocument/rename', 'textDocument/prepareRename'],
  selectionRangeProvider: ['textDocument/selectionRange'],
  semanticTokensProvider: [
    'textDocument/semanticTokens/full',
    'textDocument/semanticTokens/full/delta',
    'textDocument/semanticTokens/range',
  ],
  signatureHelpProvider: ['textDocument/signatureHelp'],
  typeDefinitionProvider: ['textDocument/typeDefinition'],
  workspace: ['workspace/willRenameFiles'],
  workspaceSymbolProvider: ['workspace/symbol'],
};
/** Requests of LSP 3.18 that the server does not announce. */
const OTHERS: readonly string[] = [
  'codeAction/resolve',
  'codeLens/resolve',
  'documentLink/resolve',
  'inlayHint/resolve',
  'textDocument/colorPresentation',
  'textDocument/declaration',
  'textDocument/documentColor',
  'textDocument/implementation',
  'textDocument/inlineCompletion',
  'textDocument/linkedEditingRange',
  'textDocument/moniker',
  'textDocument/prepareTypeHierarchy',
  'textDocument/willSaveWaitUntil',
  'workspace/textDocumentContent',
  'workspace/willCreateFiles',
  'workspace/willDeleteFiles',
  'workspaceSymbol/resolve',
];
const METHOD_NOT_FOUND = -32601;

test.each([false, true])('what is told is answered, and nothing else; diagnostics are pulled: %s', async (pulled) => {
  const client = connected();
  const { capabilities } = await client.initialize({ initializationOptions: { pullDiagnostics: pulled } });
  const uri = 'file:///asked.snoop';
  await client.open(uri, 'setup {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n');
  const place = { line: 1, character: 3 };
  const range = { start: place, end: place };
  const of = { uri, name: 'setup', label: 'setup', kind: 5, range, selectionRange: range };
  const everything = {
    ...of,
    textDocument: { uri },
    position: place,
    positions: [place],
    ranges: [range],
    item: of,
    options: { tabSize: 2, insertSpaces: true },
    ch: '}',
    newName: 'other',
    query: '',
    previousResultId: '',
    previousResultIds: [],
    context: { diagnostics: [], includeDeclaration: true, frameId: 1, stoppedLocation: range },
    command: 'snoopscope.server.run',
    arguments: [uri],
    files: [{ oldUri: uri, newUri: 'file:///elsewhere.snoop' }],
  };
  const isAnswered = async (method: string): Promise<boolean> => {
    const answer = await client.request(method, everything).catch((error: { code?: number }) => error);
    return (answer as { code?: number } | null)?.code !== METHOD_NOT_FOUND;
  };
  for (const [capability, methods] of Object.entries(REQUESTS))
    for (const method of methods)
      expect([method, await isAnswered(method)]).toEqual([method, capability in capabilities]);
  for (const method of OTHERS) expect([method, await isAnswered(method)]).toEqual([method, false]);
});
