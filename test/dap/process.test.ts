// The adapter as other editors start it: a process over stdio, and a server on a port of this machine.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { bundles } from '../../scripts/build.mjs';
import { needsFile } from '../needs.ts';
import { root } from './client.ts';

// Each test starts processes, which a busy machine does slowly.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let main: string;
const scenario = path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop');
let client: DebugClient;

// The bundle that ships, of the sources as they are now.
beforeAll(async () => {
  const { entry, options } = bundles['debug-adapter'];
  folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-dap-'));
  main = path.join(folder, 'debug-adapter.cjs');
  const mainFields = ['module', 'main'];
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: main,
    bundle: true,
    mainFields,
    ...(options as object),
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  client = new DebugClient(process.execPath, main, 'snoopscope', undefined, true);
  // The test's own limit ends it: by itself the client waits five seconds for an event, which a busy machine may exceed.
  client.defaultTimeout = 300_000;
  await client.start();
});

/** Processes of a test, ended with it whatever becomes of it. */
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill();
  await client.stop();
});

test('stops at a breakpoint, over stdio', async () => {
  await client.hitBreakpoint({ program: scenario, stopOnEntry: false }, { path: scenario, line: 36 });
  const { body } = await client.stackTraceRequest({ threadId: 2 });
  expect(body.stackFrames.map(({ name, line, source }) => [name, line, source?.path])).toEqual([
    ['vcpu0', 36, scenario],
  ]);
});

test('a device that never ends is not read', async (context) => {
  needsFile(context, '/dev/zero');
  const launched = client.launch({ program: '/dev/zero' });
  await expect(launched).rejects.toThrow('/dev/zero cannot be read: it is a device, a pipe or a socket');
});

test('stops at the stale read, with its explanation', async () => {
  await Promise.all([
    client.waitForEvent('initialized').then(() => client.configurationDoneRequest()),
    client.launch({ program: scenario, stopOnEntry: false, kernel: 'v5.11' }),
    client.assertStoppedLocation('exception', { path: scenario, line: 42 }),
  ]);
  const { body } = await client.exceptionInfoRequest({ threadId: 3 });
  expect(body.exceptionId).toBe('stale-read');
  expect(body.description).toContain('c2162e13d6e2');
});

test('counts lines from 0 for a client that does', async () => {
  await client.initializeRequest({ adapterID: 'x', linesStartAt1: false, columnsStartAt1: false, pathFormat: 'path' });
  await Promise.all([client.waitForEvent('initialized'), client.launchRequest({ program: scenario } as never)]);
  const { body } = await client.setBreakpointsRequest({ source: { path: scenario }, breakpoints: [{ line: 34 }] });
  expect(body.breakpoints[0]?.line).toBe(34);
  await Promise.all([client.configurationDoneRequest(), client.waitForEvent('stopped')]);
  await Promise.all([client.continueRequest({ threadId: 1 }), client.waitForEvent('stopped')]);
  const frame = (await client.stackTraceRequest({ threadId: 2 })).body.stackFrames[0];
  expect([frame?.line, frame?.column]).toEqual([34, 2]);
});

test('without debugging a scenario runs to its end and says what came out', async () => {
  const output: string[] = [];
  client.on('output', ({ body }) => output.push(body.output));
  await Promise.all([
    client.waitForEvent('initialized').then(() => client.configurationDoneRequest()),
    client.launch({ program: scenario, noDebug: true, kernel: 'v5.11' } as never),
    client.waitForEvent('terminated'),
  ]);
  expect(output.join('')).toContain('exists gpu.r0 == 0 on v3.13..v5.11: shown: it holds at the end of this run');
  expect(output.join('')).toContain('Found: stale-read');
});

test('the process ends when the client disconnects, and when its input closes', async () => {
  for (const leave of [disconnect, closeInput]) {
    const child = adapter();
    const ended = once(child, 'exit');
    leave(child);
    expect(await ended).toEqual([0, null]);
  }
});

test('a message that is not JSON is complained about, and the next one is answered', async () => {
  const child = adapter();
  const answers = messages(child.stdout!);
  write(child, '{ this is not JSON');
  write(child, JSON.stringify({ seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'x' } }));
  const seen = [await answers.next(), await answers.next()].map(({ value }) => value);
  expect(seen.map(({ event, command }) => event ?? command)).toEqual(['output', 'initialize']);
});

test('serves several sessions on one port, independently', async () => {
  const child = adapter('--port', '0');
  const [text] = await once(child.stderr!, 'data');
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(String(text))?.[1]);
  const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  const answers = sockets.map((socket) => messages(socket));
  for (const socket of sockets) {
    for (const [seq, command] of ['initialize', 'threads'].entries()) {
      const message = JSON.stringify({ seq: seq + 1, type: 'request', command, arguments: {} });
      socket.write(`Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
    }
  }
  for (const answer of answers) {
    expect((await answer.next()).value.success).toBe(true);
    expect((await answer.next()).value.message).toBe('No scenario is launched yet.');
  }
  for (const socket of sockets) socket.destroy();
});

test('an argument that is not understood ends the process with words', async () => {
  const child = adapter('--prot', '1');
  const [text] = await once(child.stderr!, 'data');
  expect(String(text)).toContain('--port N');
  expect((await once(child, 'exit'))[0]).toBe(2);
});

test('after a disconnect there is an answer and an end, and no complaint', async () => {
  const child = adapter();
  disconnect(child);
  const sent: (string | undefined)[] = [];
  await (async () => {
    for await (const { command, event } of messages(child.stdout!)) sent.push(command ?? event);
  })().catch(() => {});
  expect(sent).toEqual(['disconnect']);
});

function adapter(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'pipe' });
  children.push(child);
  return child;
}

function write(child: ChildProcess, message: string): void {
  child.stdin?.write(`Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
}

function disconnect(child: ChildProcess): void {
  write(child, JSON.stringify({ seq: 1, type: 'request', command: 'disconnect' }));
}

function closeInput(child: ChildProcess): void {
  child.stdin?.end();
}

interface Sent {
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly message?: string;
}

/** The messages of a stream, one by one. */
async function* messages(stream: NodeJS.ReadableStream): AsyncGenerator<Sent, Sent> {
  let data = Buffer.alloc(0);
  for await (const chunk of stream) {
    data = Buffer.concat([data, chunk as Buffer]);
    for (;;) {
      const head = data.indexOf('\r\n\r\n');
      const length = Number(/Content-Length: (\d+)/.exec(data.toString('utf8', 0, Math.max(head, 0)))?.[1]);
      if (head < 0 || data.length < head + 4 + length) break;
      yield JSON.parse(data.toString('utf8', head + 4, head + 4 + length));
      data = data.subarray(head + 4 + length);
    }
  }
  throw new Error('The adapter has closed its stream.');
}

test('ends when its client dies with an answer on its way', async () => {
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  let complaints = 0;
  child.stderr.on('data', () => complaints++);
  const exited = once(child, 'exit');
  // Nobody will read the answers, and stdin stays open: only writing can tell the adapter.
  child.stdout.destroy();
  const message = JSON.stringify({ seq: 1, type: 'request', command: 'initialize', arguments: {} });
  child.stdin.on('error', () => {});
  for (let i = 0; i < 50; i++) child.stdin.write(`Content-Length: ${message.length}\r\n\r\n${message}`);
  await exited;
  expect(complaints).toBe(0);
});
