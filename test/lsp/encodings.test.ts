// A client that counts bytes or code points gets the answers of one that counts UTF-16, at the same characters of the text.
import { describe, expect, test } from 'vitest';
import type { CallHierarchyIncomingCall, CallHierarchyItem, Position, SemanticTokens } from 'vscode-languageserver';
import { positionsFor } from '../../server/src/encodings.ts';
import { CHECKED_METHODS } from '../../server/src/params.ts';
import { type Client, connected, FULL_CAPABILITIES } from './client.ts';

const MAIN = 'file:///w/main.snoop';
const LIBRARY = 'file:///w/lib𝕏.snoop';

const LIBRARY_TEXT = `// 𝒹𝓂𝒶 and é
proc attach(group, container) {
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0   // 🧨
  other = open("/dev/𝕏", O_RDWR, container)
}
`;
/** Before most words there is a character of four bytes, two UTF-16 units and one code point. */
const MAIN_TEXT = `scenario "𝕏 one"
source "é🧨 linux ec53500fae42 kvm, https://lwn.net/Articles/1/"
include "lib𝕏.snoop"
kernel v6.6
machine {
  cpu intel
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar0 group=26
  memory x = 0   // 🧨
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  call attach(group, container)   // 𝕏
  kvm = open("/dev/🧨", O_RDWR, group) = -ENOENT   // 𝕏 é
  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "é𝕏")
  other = open("𝕏", container); other2 = open("𝕏")
  close(gpufd) /* 𝕏 */ close(grup)
}
vcpu 0 {
     mov [x], 1 // 𝕏
  mov "𝕏", [y]
}
exists [x] == 1   // 𝕏
`;

/** A line and how many characters of it are before a place. */
interface Place {
  readonly line: number;
  readonly before: string;
}

const lineOf = (part: string): number => MAIN_TEXT.split('\n').findIndex((line) => line.includes(part));
const place = (part: string, upTo: string): Place => {
  const line = lineOf(part);
  const text = MAIN_TEXT.split('\n')[line]!;
  return { line, before: text.slice(0, text.indexOf(upTo) + 1) };
};
const lengthIn: Readonly<Record<string, (text: string) => number>> = {
  'utf-8': (text) => Buffer.byteLength(text),
  'utf-16': (text) => text.length,
  'utf-32': (text) => [...text].length,
};

const AFTER_STRING = place('/dev/🧨', 'oup)');
const DESCRIPTOR = place('gpufd = ioctl', 'oup,');
const WHOLE = [
  { line: 0, before: '' },
  { line: lineOf('exists'), before: 'exists' },
] as const;
const OPTIONS = { tabSize: 2, insertSpaces: true };

/** What each request is asked, with `at` for a place in the client's encoding. */
const REQUESTS: Readonly<Record<string, (at: (place: Place) => Position) => object>> = {
  'textDocument/hover': (at) => ({ position: at(place('/dev/🧨', 'ENOENT')) }),
  'textDocument/completion': (at) => ({ position: at(place('/dev/🧨', 'O_RD')) }),
  'textDocument/signatureHelp': (at) => ({ position: at(AFTER_STRING) }),
  'textDocument/definition': (at) => ({ position: at(AFTER_STRING) }),
  'textDocument/typeDefinition': (at) => ({ position: at(AFTER_STRING) }),
  'textDocument/references': (at) => ({ position: at(AFTER_STRING), context: { includeDeclaration: true } }),
  'textDocument/documentHighlight': (at) => ({ position: at(AFTER_STRING) }),
  'textDocument/prepareRename': (at) => ({ position: at(AFTER_STRING) }),
  'textDocument/rename': (at) => ({ position: at(AFTER_STRING), newName: 'renamed' }),
  'textDocument/documentSymbol': () => ({}),
  'textDocument/documentLink': () => ({}),
  'textDocument/foldingRange': () => ({}),
  'textDocument/selectionRange': (at) => ({ positions: [at(AFTER_STRING), at(DESCRIPTOR)] }),
  'textDocument/formatting': () => ({ options: OPTIONS }),
  'textDocument/rangeFormatting': (at) => ({ range: rangeOf(at), options: OPTIONS }),
  'textDocument/rangesFormatting': (at) => ({ ranges: [rangeOf(at)], options: OPTIONS }),
  'textDocument/onTypeFormatting': (at) => ({
    position: at({ line: lineOf('mov [x]') + 1, before: '' }),
    ch: '\n',
    options: OPTIONS,
  }),
  'textDocument/codeAction': (at) => ({ range: rangeOf(at), context: { diagnostics: [] } }),
  'textDocument/codeLens': () => ({}),
  'textDocument/inlayHint': (at) => ({ range: rangeOf(at) }),
  'textDocument/inlineValue': (at) => ({
    range: rangeOf(at),
    context: { frameId: 0, stoppedLocation: { start: at(AFTER_STRING), end: at(AFTER_STRING) } },
  }),
  'textDocument/prepareCallHierarchy': (at) => ({ position: at(place('call attach', 'attach')) }),
  'textDocument/diagnostic': () => ({}),
  'workspace/symbol': () => ({ query: '' }),
  'workspace/diagnostic': () => ({ previousResultIds: [] }),
  'workspace/willRenameFiles': () => ({ files: [{ oldUri: LIBRARY, newUri: 'file:///w/a/lib.snoop' }] }),
};
/** Tests of their own below, and what carries no positions. */
const OTHERS = [
  'textDocument/semanticTokens/full',
  'textDocument/semanticTokens/full/delta',
  'textDocument/semanticTokens/range',
  'callHierarchy/incomingCalls',
  'callHierarchy/outgoingCalls',
  'completionItem/resolve',
];

function rangeOf(at: (place: Place) => Position) {
  return { start: at(WHOLE[0]), end: at(WHOLE[1]) };
}

/** Diagnostics come by themselves, or are `pulled` by the client. */
async function started(encoding: string, pulled = false): Promise<Client> {
  const client = connected({
    positionsFor,
    readFile: async (uri) => (uri === encodeURI(LIBRARY) || uri === LIBRARY ? LIBRARY_TEXT : undefined),
    findScenarios: async () => ({ uris: [MAIN, LIBRARY], cut: false }),
  });
  const { capabilities } = await client.initialize({
    rootUri: 'file:///w',
    ...(pulled && { initializationOptions: { pullDiagnostics: true } }),
    capabilities: { ...FULL_CAPABILITIES, general: { positionEncodings: [encoding, 'utf-16'] } },
  });
  expect(capabilities.positionEncoding).toBe(encoding);
  client.connection.onRequest('workspace/diagnostic/refresh', () => null);
  await client.open(MAIN, MAIN_TEXT);
  if (!pulled) await client.diagnostics(MAIN, ({ diagnostics }) => diagnostics.length > 0);
  return client;
}

/** The same value with every position as the text before it, so that encodings can be compared. */
function withTexts(value: unknown, uri: string, encoding: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withTexts(item, uri, encoding));
  if (typeof value !== 'object' || value === null) return value;
  const given = value as Record<string, unknown>;
  if (typeof given.line === 'number' && typeof given.character === 'number')
    return `${given.line}: ${before(uri, given.line, given.character, encoding)}|`;
  const inner = (given.textDocument ?? given.from) as { uri?: string } | undefined;
  const around = (given.uri as string | undefined) ?? inner?.uri ?? uri;
  return Object.fromEntries(
    Object.entries(given).map(([key, item]) => [
      key,
      withTexts(item, key.startsWith('file:') ? key : around, encoding),
    ]),
  );
}

function before(uri: string, line: number, character: number, encoding: string): string {
  const text = (decodeURI(uri) === MAIN ? MAIN_TEXT : LIBRARY_TEXT).split('\n')[line] ?? '';
  const characters = [...text];
  for (let count = 0; count <= characters.length; count++) {
    const part = characters.slice(0, count).join('');
    if (lengthIn[encoding]!(part) === character) return part;
  }
  throw new Error(`${character} is not on line ${line} in ${encoding}: ${text}`);
}

test('every request is in this test', () => {
  const asked = CHECKED_METHODS.filter((method) => !/\/did|^initializ|^\$/.test(method));
  expect([...Object.keys(REQUESTS), ...OTHERS]).toEqual(expect.arrayContaining(asked));
});

describe.each(['utf-8', 'utf-32'])('%s', (encoding) => {
  test.each(Object.keys(REQUESTS))('%s', async (method) => {
    const answers: unknown[] = [];
    for (const units of ['utf-16', encoding]) {
      const client = await started(units, method.endsWith('/diagnostic'));
      const at = ({ line, before: text }: Place): Position => ({ line, character: lengthIn[units]!(text) });
      const answer = await client.request(method, { textDocument: { uri: MAIN }, ...REQUESTS[method]!(at) });
      answers.push(withTexts(answer, MAIN, units));
    }
    expect(answers[0]).not.toEqual(null);
    expect(answers[0]).not.toEqual([]);
    expect(answers[1]).toEqual(answers[0]);
  });

  test('diagnostics that are pushed', async () => {
    const published: unknown[] = [];
    for (const units of ['utf-16', encoding]) {
      const client = await started(units);
      const found = await client.diagnostics(MAIN, ({ diagnostics }) => diagnostics.length > 0);
      published.push(withTexts(found, MAIN, units));
    }
    expect(published[1]).toEqual(published[0]);
  });

  test('colours', async () => {
    const words: unknown[] = [];
    for (const units of ['utf-16', encoding]) {
      const client = await started(units);
      const ask = (kind: string, more: object = {}): Promise<SemanticTokens> =>
        client.request(`textDocument/semanticTokens/${kind}`, { textDocument: { uri: MAIN }, ...more });
      const full = await ask('full');
      const delta = await ask('full/delta', { previousResultId: full.resultId });
      expect(delta).toMatchObject({ edits: [] });
      const range = await ask('range', { range: rangeOf(() => ({ line: 14, character: 0 })) });
      words.push([full, range].map(({ data }) => placesOf(data, units)));
    }
    expect(words[1]).toEqual(words[0]);
  });

  test('calls of procedures', async () => {
    const seen: unknown[] = [];
    for (const units of ['utf-16', encoding]) {
      const client = await started(units);
      const { line, before: text } = place('call attach', 'attach');
      const position = { line, character: lengthIn[units]!(text) };
      const params = { textDocument: { uri: MAIN }, position };
      const [item] = await client.request<CallHierarchyItem[]>('textDocument/prepareCallHierarchy', params);
      const incoming = await client.request<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', { item });
      const outgoing = await client.request('callHierarchy/outgoingCalls', { item: incoming[0]!.from });
      seen.push(withTexts([item, incoming, outgoing], MAIN, units));
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  test('changes, each about the text that the one before it left', async () => {
    const client = await started(encoding);
    const units = lengthIn[encoding]!;
    const { line, before: path } = place('/dev/🧨', '/🧨');
    const inString = units(path);
    const flags = units(place('/dev/🧨', 'O_RDWR').before) - 1;
    const insert = (character: number, text: string) => ({
      range: { start: { line, character }, end: { line, character } },
      text,
    });
    const moved = flags + units('𝕏é');
    await client.change(MAIN, [insert(inString, '𝕏é'), insert(moved, 'O_CLOEXEC|')]);
    const hover = await client.request<{ contents: unknown }>('textDocument/hover', {
      textDocument: { uri: MAIN },
      position: { line, character: moved + 2 },
    });
    expect(JSON.stringify(hover)).toContain('O_CLOEXEC');
  });
});

/** The places of the words that packed colours lead to, as the texts before and of each. */
function placesOf(data: readonly number[], encoding: string): string[] {
  const places: string[] = [];
  let [line, start] = [0, 0];
  for (let at = 0; at < data.length; at += 5) {
    const [lines, columns, length] = data.slice(at, at + 3) as [number, number, number];
    line += lines;
    start = lines === 0 ? start + columns : columns;
    const [left, right] = [start, start + length].map((character) => before(MAIN, line, character, encoding));
    places.push(`${line}: ${left}|${right?.slice(left?.length)}`);
  }
  return places;
}

test('the first encoding of the client that is known is taken, and UTF-16 where it offers none', async () => {
  expect(positionsFor(['utf-7', 'utf-32', 'utf-8'])?.encoding).toBe('utf-32');
  for (const offered of [undefined, null, 'utf-8', [], ['utf-16', 'utf-8'], [{}, 7]])
    expect(positionsFor(offered)).toBeUndefined();
});
