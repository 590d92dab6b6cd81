// A whole conversation about transcript.snoop, as a client without wishes has it: what is sent and what comes back.
// `UPDATE=1` rewrites transcript.golden.txt; a missing one fails.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { SemanticTokens } from 'vscode-languageserver';
import { TOKEN_LEGEND } from '../../server/src/to-lsp.ts';
import { connected, FULL_CAPABILITIES, type Published } from './client.ts';

const golden = path.join(import.meta.dirname, 'transcript.golden.txt');
const SCENARIO = 'transcript.snoop';

test('the conversation about a scenario is the recorded one', async () => {
  const text = readFileSync(path.join(import.meta.dirname, SCENARIO), 'utf8');
  const uri = `file:///${SCENARIO}`;
  const client = connected();
  const said: string[] = [];
  const record = (title: string, answer: unknown) => said.push(`## ${title}`, ...shown(answer), '');

  record('initialize', (await client.initialize({ capabilities: FULL_CAPABILITIES })).capabilities);
  await client.open(uri, text);
  record('publishDiagnostics', await client.diagnostics(uri));
  // Hints show predictions once those are there: waited for here, so that time decides nothing.
  record('publishDiagnostics, with predictions', await client.diagnostics(uri, predicted));
  const textDocument = { uri };
  const range = { start: { line: 0, character: 0 }, end: { line: text.split('\n').length, character: 0 } };
  for (const method of ['documentSymbol', 'foldingRange', 'codeLens', 'formatting'])
    record(method, await client.request(`textDocument/${method}`, { textDocument, options: {} }));
  record('inlayHint', await client.request('textDocument/inlayHint', { textDocument, range }));
  const tokens = await client.request<SemanticTokens>('textDocument/semanticTokens/full', { textDocument });
  record('semanticTokens/full', colours(text, tokens.data));
  const place = placeOf(text, 'container, VFIO_SET_IOMMU');
  for (const method of ['definition', 'documentHighlight', 'prepareRename', 'signatureHelp'])
    record(`${method} at \`container\` of VFIO_SET_IOMMU`, await client.at(method, uri, place));
  record('references', await client.at('references', uri, place, { context: { includeDeclaration: true } }));
  record('rename to `c`', await client.at('rename', uri, place, { newName: 'c' }));

  const transcript = `${said.join('\n')}\n`;
  if (process.env.UPDATE === '1') writeFileSync(golden, transcript);
  expect(existsSync(golden), 'run with UPDATE=1 to write the transcript').toBe(true);
  expect(transcript).toBe(readFileSync(golden, 'utf8'));
});

const predicted = ({ diagnostics }: Published): boolean => diagnostics.some(({ code }) => code === 'failing-call');

/** One line for each element, or each property. */
function shown(answer: unknown): string[] {
  if (Array.isArray(answer)) return answer.map((one) => (typeof one === 'string' ? one : JSON.stringify(brief(one))));
  if (typeof answer !== 'object' || answer === null) return [JSON.stringify(answer)];
  return Object.entries(answer).map(([key, value]) => `${key}: ${JSON.stringify(brief(value))}`);
}

/** Ranges as `line:character-line:character`; documentation is not what this is about. */
function brief(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(brief);
  if (typeof value !== 'object' || value === null) return value;
  if ('start' in value && 'end' in value) {
    const { start, end } = value as {
      start: { line: number; character: number };
      end: { line: number; character: number };
    };
    return `${start.line}:${start.character}-${end.line}:${end.character}`;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'documentation')
      .map(([key, inner]) => [key, brief(inner)]),
  );
}

function colours(text: string, data: readonly number[]): string[] {
  const lines = text.split('\n');
  const found: string[] = [];
  let [line, start] = [0, 0];
  for (let at = 0; at < data.length; at += 5) {
    const [lineDelta, startDelta, length, type, modifiers] = data.slice(at, at + 5) as [
      number,
      number,
      number,
      number,
      number,
    ];
    start = lineDelta === 0 ? start + startDelta : startDelta;
    line += lineDelta;
    const word = lines[line]!.slice(start, start + length);
    found.push(`${line}:${start} ${TOKEN_LEGEND.tokenTypes[type]}${modifiers === 1 ? ' definition' : ''} ${word}`);
  }
  return found;
}

function placeOf(text: string, words: string): { line: number; column: number } {
  const before = text.slice(0, text.indexOf(words)).split('\n');
  return { line: before.length - 1, column: before.at(-1)!.length };
}
