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
