// What a client gets that sends what is not a message, or a message with the wrong parameters: over real standard streams.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHECKED_METHODS } from '../../server/src/params.ts';

const URI = 'file:///project/a.snoop';
let folder: string;
let server: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-malformed-'));
  server = path.join(folder, 'server.js');
  const { build } = await import('../../scripts/build.mjs');
  await build(['server'], { folder });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Answer {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: { readonly uri?: string; readonly message?: string; readonly diagnostics?: readonly unknown[] };
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A process and everything it has said, without any library in between. */
class Raw {
  readonly child: ChildProcess;
  readonly answers: Answer[] = [];
  #said = Buffer.alloc(0);
  #waiting: (() => void)[] = [];
  #id = 0;

  constructor() {
    this.child = spawn(process.execPath, [server, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout!.on('data', (chunk: Buffer) => {
      this.#said = Buffer.concat([this.#said, chunk]);
      for (let end = this.#said.indexOf('\r\n\r\n'); end !== -1; end = this.#said.indexOf('\r\n\r\n')) {
        const length = Number(/Content-Length: (\d+)/.exec(this.#said.toString('latin1', 0, end))![1]);
        if (this.#said.length < end + 4 + length) break;
        this.answers.push(JSON.parse(this.#said.toString('utf8', end + 4, end + 4 + length)));
        this.#said = this.#said.subarray(end + 4 + length);
      }
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  bytes(text: string): void {
    this.child.stdin!.write(text);
  }

  send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.bytes(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  async request(method: string, params?: unknown): Promise<Answer> {
    const id = ++this.#id;
    this.send({ id, method, ...(params !== undefined && { params }) });
    return this.until((answer) => answer.id === id);
  }

  async until(wanted: (answer: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const found = this.answers.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

/** One server for all tests: it survives whatever they send. */
let raw: Raw;
beforeAll(async () => {
  raw = await started();
});
beforeEach(() => {
  raw.answers.length = 0;
});
afterEach(() => {
  // Whatever a client sends, it is not our bug.
  expect(JSON.stringify(raw.answers)).not.toContain('bug of Snoopscope');
});
afterAll(() => ended(raw));

async function started(): Promise<Raw> {
  const server = new Raw();
  await server.request('initialize', { processId: null, rootUri: null, capabilities: {} });
  server.send({ method: 'initialized', params: {} });
  return server;
}

async function ended(server: Raw): Promise<void> {
  const closed = new Promise((resolve) => server.child.once('close', resolve));
  server.child.stdin!.end();
  await closed;
}

let opened = 0;
/** The server still does its work. */
async function alive(): Promise<void> {
  const uri = `file:///project/alive-${++opened}.snoop`;
  raw.send({
    method: 'textDocument/didOpen',
    params: { textDocument: { uri, languageId: 'snoop', version: 1, text: 'nonsense' } },
  });
  await raw.until(
    ({ method, params }) =>
      method === 'textDocument/publishDiagnostics' && params?.uri === uri && params.diagnostics?.length === 1,
  );
  raw.send({ method: 'textDocument/didClose', params: { textDocument: { uri } } });
}

const framed = (body: string) => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('input that is not a message', () => {
  test.each([
    ['a body that is not JSON', framed('{ not json'), -32700, /not JSON/],
    ['a body that ends early', framed('{"jsonrpc":"2.0","id":1,'), -32700, /not JSON/],
    ['an empty body', framed(''), -32700, /not JSON/],
    ['a line that a wrapper printed', 'Starting server…\r\n\r\n', -32700, /Content-Length/],
    ['a length that is none', 'Content-Length: many\r\n\r\n', -32700, /Content-Length/],
    ['null', framed('null'), -32600, /object/],
    ['a number', framed('17'), -32600, /object/],
    ['a batch', framed('[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]'), -32600, /Batches/],
    ['nothing that makes a message', framed('{"jsonrpc":"2.0"}'), -32600, /method/],
    ['an id that is null', framed('{"jsonrpc":"2.0","id":null,"method":"shutdown"}'), -32600, /id of shutdown/],
    ['an id that is an object', framed('{"jsonrpc":"2.0","id":{},"method":"shutdown"}'), -32600, /id of shutdown/],
    [
      'a notification whose params are text',
      framed('{"jsonrpc":"2.0","method":"exit","params":"now"}'),
      -32600,
      /params/,
    ],
    ['a cancellation of nothing', framed('{"jsonrpc":"2.0","method":"$/cancelRequest"}'), -32600, /cancelRequest/],
  ])('%s', async (_, bytes, code, reason) => {
    raw.bytes(bytes);
    const { error } = await raw.until(({ id }) => id === null);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(reason);
    await alive();
  });
});

test('a stretch of nonsense is one error, however it is cut', async () => {
  raw.bytes('{"a":1}   Content-Foo\r\n\r\nxxxxx\r\n\r\nconTENT');
  const { error } = await raw.until(({ id }) => id === null);
  expect(error?.message).toMatch(/^Skipping what is outside any message, from "\{.*Content-Foo/);
  raw.bytes('-Length: 4\r\n\r\nnull');
  await raw.until(({ error: other }) => other?.code === -32600);
  expect(raw.answers.filter(({ error: other }) => other?.code === -32700)).toHaveLength(1);
  await alive();
});

test('five megabytes of nonsense are one error, and the next message is read', async () => {
  for (let megabyte = 0; megabyte < 5; megabyte++) raw.bytes('nonsense'.repeat(131_072));
  await alive();
  expect(raw.answers.filter(({ error }) => error !== undefined)).toHaveLength(1);
});

test.each([
  ['params that are a number', { id: 62, method: 'textDocument/hover', params: 5 }, /params/],
  ['a method that is a number', { id: 62, method: 7 }, /string/],
  ['an id that is text', { id: 'hover-1', method: 'textDocument/hover', params: 'here' }, /params/],
])('a malformed request is answered under its id: %s', async (_, request, reason) => {
  raw.bytes(framed(JSON.stringify({ jsonrpc: '2.0', ...request })));
  const { error } = await raw.until(({ id }) => id === request.id);
  expect(error).toMatchObject({ code: -32600, message: expect.stringMatching(reason) });
  await alive();
});

test('params that are null count as left out', async () => {
  const other = await started();
  const { error } = await other.request('textDocument/hover', null);
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('textDocument/hover: params') });
  const shutdown = await other.request('shutdown', null);
  expect(shutdown).toMatchObject({ result: null });
  await ended(other);
});

const document = { uri: URI };
const position = { line: 0, character: 0 };

describe('requests with the wrong parameters', () => {
  const requests = CHECKED_METHODS.filter(
    (method) => method !== 'initialize' && method !== 'initialized' && !/^\$|\/did/.test(method),
  );

  test.each(requests)('%s: none, an array, an empty object', async (method) => {
    for (const params of [undefined, [], [1, 2], {}]) {
      const { error } = await raw.request(method, params);
      expect(error, JSON.stringify(params)).toMatchObject({
        code: -32602,
        message: expect.stringContaining(`${method}: params`),
      });
    }
    await alive();
  });

  test.each([
    [
      'textDocument/hover',
      { textDocument: document, position: { line: 'x', character: 0 } },
      'params.position.line must be a whole number from 0 on, found "x".',
    ],
    [
      'textDocument/hover',
      { textDocument: document, position: { line: -1, character: 0 } },
      'params.position.line must be a whole number from 0 on, found -1.',
    ],
    [
      'textDocument/hover',
      { textDocument: document, position: { line: 0.5, character: 0 } },
      'params.position.line must be a whole number from 0 on, found 0.5.',
    ],
    [
      'textDocument/hover',
      { textDocument: document, position: { line: 0 } },
      'params.position.character is missing: expected a whole number from 0 on.',
    ],
    ['textDocument/hover', { textDocument: { uri: 7 }, position }, 'params.textDocument.uri must be a URI, found 7.'],
    ['textDocument/hover', { textDocument: null, position }, 'params.textDocument must be an object, found null.'],
    [
      'textDocument/completion',
      { textDocument: document, position, context: 'typed' },
      'params.context must be an object, found "typed".',
    ],
    [
      'textDocument/references',
      { textDocument: document, position, context: {} },
      'params.context.includeDeclaration is missing: expected true or false.',
    ],
    [
      'textDocument/rename',
      { textDocument: document, position, newName: ['a'] },
      'params.newName must be a string, found ["a"].',
    ],
    [
      'textDocument/selectionRange',
      { textDocument: document, positions: [position, 7] },
      'params.positions[1] must be an object, found 7.',
    ],
    [
      'textDocument/codeAction',
      { textDocument: document, range: { start: position }, context: {} },
      'params.range.end is missing: expected an object.',
    ],
    [
      'textDocument/codeAction',
      { textDocument: document, range: { start: position, end: position }, context: { only: 'quickfix' } },
      'params.context.only must be an array, found "quickfix".',
    ],
    [
      'textDocument/semanticTokens/full/delta',
      { textDocument: document, previousResultId: 4 },
      'params.previousResultId must be a string, found 4.',
    ],
    [
      'completionItem/resolve',
      { label: { text: 'x'.repeat(200) } },
      `params.label must be a string, found {"text":"${'x'.repeat(51)}….`,
    ],
  ])('%s %j', async (method, params, problem) => {
    expect((await raw.request(method, params)).error).toEqual({ code: -32602, message: `${method}: ${problem}` });
    await alive();
  });

  test('before initialize, twice, and after shutdown', async () => {
    const other = new Raw();
    const hover = { textDocument: document, position };
    expect((await other.request('textDocument/hover', hover)).error).toMatchObject({ code: -32002 });
    expect((await other.request('initialize', { capabilities: 7 })).error).toMatchObject({ code: -32602 });
    expect((await other.request('textDocument/hover', hover)).error).toMatchObject({ code: -32002 });
    const initialize = { processId: null, rootUri: null, capabilities: {} };
    expect((await other.request('initialize', initialize)).result).toBeDefined();
    expect((await other.request('initialize', initialize)).error).toMatchObject({ code: -32600 });
    expect((await other.request('textDocument/hover', hover)).result).toBeNull();
    expect((await other.request('shutdown')).result).toBeNull();
    expect((await other.request('textDocument/hover', hover)).error).toMatchObject({ code: -32600 });
    const closed = new Promise((resolve) => other.child.once('close', resolve));
    other.send({ method: 'exit' });
    expect(await closed).toBe(0);
    await alive();
  });

  test('a request that is none of the server is not known', async () => {
    expect((await raw.request('textDocument/nonsense', {})).error?.code).toBe(-32601);
    expect((await raw.request('toString', {})).error?.code).toBe(-32601);
  });
});

describe('notifications with the wrong parameters are named in the log, and ignored', () => {
  test.each([
    ['textDocument/didOpen', undefined, 'params is missing'],
    [
      'textDocument/didOpen',
      { textDocument: { uri: URI, languageId: 'snoop', version: 1 } },
      'params.textDocument.text is missing',
    ],
    [
      'textDocument/didOpen',
      { textDocument: { uri: URI, languageId: 'snoop', version: 'one', text: '' } },
      'params.textDocument.version must be a whole number, found "one".',
    ],
    [
      'textDocument/didChange',
      { textDocument: { uri: URI, version: 2 }, contentChanges: {} },
      'params.contentChanges must be an array',
    ],
    [
      'textDocument/didChange',
      { textDocument: { uri: URI, version: 2 }, contentChanges: [{ text: 5 }] },
      'params.contentChanges[0].text must be a string, found 5.',
    ],
    [
      'textDocument/didChange',
      { textDocument: { uri: URI, version: 2 }, contentChanges: [{ text: '', range: { start: position } }] },
      'params.contentChanges[0].range.end is missing',
    ],
    ['textDocument/didChange', [1, 2], 'params must be an object, found [1,2].'],
    ['textDocument/didClose', { textDocument: {} }, 'params.textDocument.uri is missing'],
    ['workspace/didChangeConfiguration', [], 'params must be an object'],
    ['workspace/didChangeWatchedFiles', { changes: [{}] }, 'params.changes[0].uri is missing'],
    ['workspace/didChangeWorkspaceFolders', { event: { added: [] } }, 'params.event.removed is missing'],
    ['$/setTrace', {}, 'params.value is missing'],
  ])('%s %j', async (method, params, problem) => {
    raw.send({ method, ...(params !== undefined && { params }) });
    const { params: log } = await raw.until((answer) => answer.method === 'window/logMessage');
    expect(log?.message).toContain(`${method}: ${problem}`);
    await alive();
  });

  test('notifications that are none of the server are nothing', async () => {
    raw.send({ method: '$/nonsense', params: { a: 1 } });
    raw.send({ method: 'workspace/nonsense', params: [] });
    await alive();
    expect(raw.answers.some(({ method }) => method === 'window/logMessage')).toBe(false);
  });
});
