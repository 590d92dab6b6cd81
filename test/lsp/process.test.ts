// The server as editors start it: a process of its own, over its streams, a port, or IPC.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CompletionItem,
  createProtocolConnection,
  type Hover,
  IPCMessageReader,
  IPCMessageWriter,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { needsFile } from '../needs.ts';
import { Client } from './client.ts';
import { around } from './features.ts';
import { marked } from './marked.ts';

let folder: string;
let server: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-lsp-'));
  server = path.join(folder, 'server.js');
  const { build } = await import('../../scripts/build.mjs');
  await build(['server'], { folder });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('over its streams', () => {
  test('from initialize to exit', async () => {
    const child = spawn(process.execPath, [server, '--stdio'], { stdio: 'pipe' });
    const client = clientOf(child);
    const { capabilities, serverInfo } = await client.initialize();
    expect(serverInfo?.name).toBe('snoopscope');
    expect(capabilities.textDocumentSync).toEqual({ openClose: true, change: 2 });

    await writeFile(path.join(folder, 'lib.snoop'), 'proc shut(fd) {\n  close(fd)\n}\n');
    const uri = pathToFileURL(path.join(folder, 'main.snoop')).href;
    const { text, places, ranges } = marked(
      `include "lib.snoop"\n${around('setup', 'call shut(vm)\n<|>close(<|nothing|>)')}`,
    );
    await client.open(uri, text);
    const found = await client.diagnostics(uri, ({ diagnostics }) =>
      diagnostics.some(({ code }) => code === 'unknown-name'),
    );
    expect(found.filter(({ severity }) => severity === 1).map(({ code, range }) => [code, range.start.line])).toEqual([
      ['unknown-name', ranges[0]!.line],
    ]);
    const hover = await client.at<Hover>('hover', uri, places[0]!);
    expect(JSON.stringify(hover.contents)).toContain('EBADF');
    const items = await client.at<CompletionItem[]>('completion', uri, places[0]!);
    expect(items.map(({ label }) => label)).toContain('ioctl');

    await client.request('shutdown', undefined);
    const ended = endOf(child);
    await client.notify('exit', undefined);
    expect(await ended).toBe(0);
  });

  test('messages that are none cost nothing but themselves', async () => {
    const child = spawn(process.execPath, [server, '--stdio'], { stdio: 'pipe' });
    const client = clientOf(child);
    await client.initialize();
    const body = (text: string) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
    const nonsense = [
      'a line that a wrapper printed\r\n\r\n',
      'Content-Length: -5\r\n\r\n',
      'Content-Length: 99999999999999\r\n\r\n',
      'Content-Length: many\r\n\r\n',
      'Content-Type: application/json\r\n\r\n',
      body('{ not json'),
      body('null'),
      body('[]'),
      body('17'),
      body('{"jsonrpc":"2.0"}'),
      body('{"jsonrpc":"2.0","id":null,"method":"textDocument/hover","params":{}}'),
      body('{"jsonrpc":"2.0","id":{"a":1},"method":"textDocument/hover"}'),
      body('{"jsonrpc":"2.0","method":"$/cancelRequest"}'),
      body('{"jsonrpc":"2.0","id":"unasked","result":1}'),
      body('{"jsonrpc":"2.0","method":"textDocument/didOpen"}'),
      body('{"jsonrpc":"2.0","method":"textDocument/didChange","params":[1,2]}'),
      '\u0000\u0001\u0002'.repeat(5000),
    ];
    for (const bytes of nonsense) {
      child.stdin.write(bytes);
      // Glued to a good message: what follows must be read all the same.
      expect(await client.at('hover', 'file:///nowhere.snoop', { line: 0, column: 0 }), bytes.slice(0, 60)).toBeNull();
    }
    child.stdin.end();
    expect(await endOf(child)).toBe(1);
  });

  test.each(['content-length:%', 'CONTENT-LENGTH:   % '])('a header written as %s is a header', async (header) => {
    const child = spawn(process.execPath, [server, '--stdio'], { stdio: 'pipe' });
    const client = clientOf(child);
    await client.initialize();
    const params = { textDocument: { uri: 'file:///a.snoop', languageId: 'snoop', version: 1, text: 'nonsense' } };
    const text = JSON.stringify({ jsonrpc: '2.0', method: 'textDocument/didOpen', params });
    child.stdin.write(`${header.replace('%', String(Buffer.byteLength(text)))}\r\n\r\n${text}`);
    expect(await client.diagnostics('file:///a.snoop')).toHaveLength(1);
    child.stdin.end();
    await endOf(child);
  });

  test('a device that never ends is not read', async (context) => {
    needsFile(context, '/dev/zero');
    const child = spawn(process.execPath, [server, '--stdio'], { stdio: 'pipe' });
    const client = clientOf(child);
    await client.initialize();
    await client.open('file:///a.snoop', 'include "/dev/zero"\n');
    const found = await client.diagnostics('file:///a.snoop', ({ diagnostics }) => diagnostics.length > 0);
    expect(found.map(({ code }) => code)).toEqual(['unknown-include']);
    child.stdin.end();
    await endOf(child);
  });

  test('a message in single bytes is a message', async () => {
    const child = spawn(process.execPath, [server, '--stdio'], { stdio: 'pipe' });
    const client = clientOf(child);
    const text = JSON.stringify({
      jsonrpc: '2.0',
      method: 'textDocument/didOpen',
      params: { textDocument: { uri: 'file:///ö.snoop', languageId: 'snoop', version: 1, text: 'Ö' } },
    });
    await client.initialize();
    for (const byte of Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`))
      child.stdin.write(Buffer.from([byte]));
    const found = await client.diagnostics('file:///ö.snoop');
    expect(found).toHaveLength(1);
    child.stdin.end();
    await endOf(child);
  });
});

test('on a port of this machine: two clients, each with its documents; one that leaves does not end the other', async () => {
  const child = spawn(process.execPath, [server, '--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const port = await listening(child);
    const [first, second] = await Promise.all([clientOn(port), clientOn(port)]);
    await first.client.initialize();
    await second.client.initialize();
    await first.client.open('file:///a.snoop', 'nonsense');
    expect(await first.client.diagnostics('file:///a.snoop')).toHaveLength(1);
    expect(await second.client.at('hover', 'file:///a.snoop', { line: 0, column: 0 })).toBeNull();
    await first.client.request('shutdown', undefined);
    const closed = new Promise((resolve) => first.socket.once('close', resolve));
    await first.client.notify('exit', undefined);
    await closed;
    await second.client.open('file:///b.snoop', 'nonsense');
    expect(await second.client.diagnostics('file:///b.snoop')).toHaveLength(1);
    second.socket.destroy();
  } finally {
    const ended = endOf(child);
    child.kill();
    await ended;
  }
});

test('over IPC, as VS Code starts it', async () => {
  const child = fork(server, ['--node-ipc'], { execPath: process.execPath, execArgv: [] });
  const client = new Client(createProtocolConnection(new IPCMessageReader(child), new IPCMessageWriter(child)));
  await client.initialize();
  await client.open('file:///a.snoop', 'nonsense');
  expect(await client.diagnostics('file:///a.snoop')).toHaveLength(1);
  await client.request('shutdown', undefined);
  const ended = endOf(child);
  await client.notify('exit', undefined);
  expect(await ended).toBe(0);
});

test.each([
  [[], /--stdio/],
  [['--port', 'seven'], /number/],
  [['--port', '70000'], /65535/],
  [['--port', '0', '--stdio'], /do not go together/],
])('the arguments %j are refused', async (args, reason) => {
  const child = spawn(process.execPath, [server, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  expect(await endOf(child)).toBe(2);
  expect(said).toMatch(reason);
});

function clientOf(child: ChildProcess): Client {
  return new Client(
    createProtocolConnection(new StreamMessageReader(child.stdout!), new StreamMessageWriter(child.stdin!)),
  );
}

function clientOn(port: number): Promise<{ client: Client; socket: ReturnType<typeof connect> }> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () =>
      resolve({
        socket,
        client: new Client(createProtocolConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket))),
      }),
    );
  });
}

function listening(child: ChildProcess): Promise<number> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
    child.stderr!.on('data', (chunk) => {
      said += chunk;
      const port = /Listening on 127\.0\.0\.1:(\d+)\n/.exec(said)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => (child.exitCode === null ? child.once('close', resolve) : resolve(child.exitCode)));
}
