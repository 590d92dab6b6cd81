// The command as a process: what a shell, a pipe, a terminal's Ctrl-C and an editor see.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, isStale } from '../../scripts/build.mjs';
import { node, root } from '../../scripts/install.mjs';
import { everyoneWritesEverything } from '../explore/everyone-writes.ts';
import { needsFile } from '../needs.ts';

const cli = path.join(root, 'dist/cli.js');
const race = 'test/cli/scenarios/race.snoop';
const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-process-'));
/** What was compiled is kept here, not in the folder of the user who runs the tests. */
const cache = path.join(folder, 'cache');
const children = new Set<ChildProcess>();

beforeAll(async () => {
  if (await isStale('cli')) await build(['cli']);
}, 60_000);
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

describe('explore --workers, when its process crashes', () => {
  const scenario = path.join(folder, 'everyone-writes.snoop');
  /** What a crash of V8 does to the process that explores, when it has just told what it knows. */
  const crash = path.join(folder, 'crash.cjs');
  const nodeOptions = `--require ${crash}`;
  const words = ['explore', scenario, '--workers', '2', '--max-seconds', '100'];
  beforeAll(() => {
    writeFileSync(scenario, everyoneWritesEverything(6, 6));
    writeFileSync(
      crash,
      'const { send } = process; if (send) process.send = (m) => send.call(process, m, () => process.abort());',
    );
  });

  test('prints what was known so far, and says what happened', async () => {
    const { code, stdout, stderr } = await start(words, { NODE_OPTIONS: nodeOptions }).ended;
    expect(stderr).toContain(
      'snoopscope: error: The process of the exploration crashed (SIGABRT). What it knew by then is on stdout.',
    );
    expect(stdout).toMatch(/^ {2}v\d\.\d+ {2}open$/m);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/crashed; this is what it knew after \d+\.\d s\./);
    expect(code).toBe(3);
  });

  test('prints one JSON document', async () => {
    const { code, stdout } = await start([...words, '--format', 'json'], { NODE_OPTIONS: nodeOptions }).ended;
    const { passed, complete, limit, states } = JSON.parse(stdout);
    expect([passed, complete, limit.kind, code]).toEqual([null, false, 'thread', 3]);
    expect(states).toBeGreaterThan(0);
  });

  test('says so when nothing was known', async () => {
    writeFileSync(crash, 'if (process.send) process.abort();');
    const { code, stdout, stderr } = await start(words, { NODE_OPTIONS: nodeOptions }).ended;
    expect(stderr).toContain('crashed (SIGABRT). It had found nothing out yet.');
    expect([stdout, code]).toEqual(['', 3]);
  });

  test('a Ctrl-C that only the first process gets stops the exploration', async () => {
    const child = start(['explore', large(), '--workers', '2']);
    await text(child.stderr, EXPLORING);
    child.kill('SIGINT');
    const { code, stdout } = await child.ended;
    expect(stdout.replace(/\s+/g, ' ')).toContain('The exploration was interrupted');
    expect(code).toBe(130);
  });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess & { ended: Promise<Ended> } {
  const child = spawn(node, [cli, ...args], {
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: cache, ...environment },
  });
  children.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return Object.assign(child, { ended });
}

/** The first text of a stream that matches. */
function text(stream: NodeJS.ReadableStream | null, wanted: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let seen = '';
    stream?.on('data', (chunk: string) => {
      seen += chunk;
      const match = wanted.exec(seen);
      if (match) resolve(match);
    });
    stream?.on('close', () => reject(new Error(`the stream ended without ${wanted}: ${seen}`)));
  });
}

/** A scenario whose interleavings take minutes to explore. Its warning is printed before that begins. */
function large(): string {
  const file = path.join(folder, 'large.snoop');
  const words = Array.from({ length: 6 }, (_, i) => i);
  const lines = [
    'machine {',
    '  cpu intel count=6',
    ...words.map((i) => `  memory w${i} = 0`),
    '}',
    'setup {',
    '  kvm = open("/dev/kvm", O_RDWR)',
    '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    ...words.map((i) => `  v${i} = ioctl(vm, KVM_CREATE_VCPU, ${i})`),
    '}',
    ...words.flatMap((i) => [
      `vcpu ${i} cpu=${i} {`,
      ...words.flatMap((w) => [`  mov [w${w}], ${i + 1}`, `  mov eax, [w${w}]`]),
      '}',
    ]),
    ...['a', 'b'].map((name) => `thread ${name} {\n  fd = open("/dev/kvm", O_RDWR)\n}`),
    'exists [w0] == 99',
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** What makes the large scenario known to be read. */
const EXPLORING = /large\.snoop:\d+:\d+: warning: /;

test.each([
  [['check', 'scenarios/wbinvd/local-cpu-not-flushed.snoop'], 0],
  [['check', race], 1],
  [['check', 'missing.snoop'], 2],
  [['check', '--max-states', '3', race], 3],
])('%j ends with %i', async (args, code) => {
  const ended = await start(args).ended;
  expect(ended).toMatchObject({ code, signal: null });
});

test('JSON on a pipe is whole', async () => {
  const { code, stdout, stderr } = await start(['export', 'trace', race]).ended;
  expect(JSON.parse(stdout).kind).toBe('trace');
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

test('a scenario comes in on a pipe', async () => {
  const child = start(['run', '-']);
  child.stdin?.end('machine {\n  memory x = 0\n}\n');
  expect(await child.ended).toMatchObject({ code: 0, stderr: '' });
});

test('a full disk is not a verdict', async (context) => {
  needsFile(context, '/dev/full');
  const full = openSync('/dev/full', 'w');
  const child = spawn(node, [cli, 'check', race], { cwd: root, stdio: ['ignore', full, 'pipe'] });
  children.add(child);
  closeSync(full);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(2);
  expect(stderr).toMatch(/^snoopscope: error: The output cannot be written: .*\n$/);
});

test('no colours on a pipe, with NO_COLOR or without', async () => {
  const plain = (await start(['check', race]).ended).stdout;
  expect(plain).not.toContain('\u001b');
  expect((await start(['check', race], { NO_COLOR: '1' }).ended).stdout).toBe(plain);
});

test('| head: no word on stderr, and the verdict stays the verdict', async () => {
  const file = path.join(folder, 'long.snoop');
  const stores = Array.from({ length: 3000 }, () => '  mov [x], 1').join('\n');
  const head =
    'machine {\n  memory x = 0\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_VM, 0)\n  v = ioctl(vm, KVM_CREATE_VCPU, 0)\n}\n';
  writeFileSync(file, `${head}vcpu 0 {\n${stores}\n}\n~exists [x] == 1\n`);
  const child = start(['run', file]);
  child.stdout?.once('data', () => child.stdout?.destroy());
  const { code, stderr } = await child.ended;
  expect(stderr).toBe('');
  expect(code).toBe(1);
});

describe('Ctrl-C', () => {
  test('a long check stops, says so and keeps what it has', async () => {
    const child = start(['check', race, large()]);
    await text(child.stderr, EXPLORING);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await child.ended;
    expect(stderr).toContain('Interrupted; stopping.');
    expect(stdout).toContain('large.snoop');
    expect(stdout).toMatch(/states seen/);
    expect(code).toBe(130);
  }, 30_000);

  test('a long exploration stops and prints what it knows', async () => {
    const child = start(['explore', large()]);
    await text(child.stderr, EXPLORING);
    child.kill('SIGINT');
    const { code, stdout } = await child.ended;
    expect(stdout).toMatch(/open {3}exists \[w0\] == 99/);
    expect(stdout).toContain('The exploration was interrupted');
    expect(code).toBe(130);
  }, 30_000);

  test('runs at random stop', async () => {
    const child = start(['explore', '--random', '4000000000', large()]);
    await text(child.stderr, EXPLORING);
    child.kill('SIGINT');
    const { code, stdout } = await child.ended;
    expect(stdout).toContain('The exploration was interrupted');
    expect(code).toBe(130);
  }, 30_000);

  test('a server stops', async () => {
    const child = start(['lsp', '--port', '0']);
    await text(child.stderr, /Listening on 127\.0\.0\.1:\d+/);
    child.kill('SIGINT');
    expect(await child.ended).toMatchObject({ code: 130, stdout: '' });
  });
});

describe('a checkpoint', () => {
  const args = (file: string): string[] => ['explore', large(), '--checkpoint', file];
  /** Resolves when a file of this name comes into the folder. */
  const appears = (name: string): Promise<void> =>
    new Promise((resolve) => {
      const watcher = watch(folder, (_, changed) => {
        if (changed !== name) return;
        watcher.close();
        resolve();
      });
    });

  test('is written when the process is told to end, and the next one continues', async () => {
    const file = path.join(folder, 'told.cp');
    const written = appears('told.cp');
    const child = start(args(file));
    await written;
    child.kill('SIGTERM');
    const { code, stdout } = await child.ended;
    expect(code).toBe(130);
    expect(stdout).toContain('the same call resumes it');
    const [, states] = /^ +(\d+) states?/m.exec(stdout) ?? [];
    const next = start(args(file));
    await text(next.stderr, /Resuming from the checkpoint/);
    next.kill('SIGTERM');
    expect((await next.ended).stdout.replace(/\s+/g, ' ')).toContain(`resumed from ${file} at ${states} state`);
  }, 60_000);

  test('survives a process that is killed', async () => {
    const file = path.join(folder, 'killed.cp');
    const written = appears('killed.cp');
    const child = start(args(file));
    await written;
    child.kill('SIGKILL');
    expect((await child.ended).signal).toBe('SIGKILL');
    const next = start([...args(file), '--max-seconds', '1']);
    const { stderr, stdout } = await next.ended;
    expect(stderr).toContain(`Resuming from the checkpoint ${file}`);
    expect(stdout).toContain('checkpoint: resumed from');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }, 60_000);
});

describe('servers', () => {
  const initialize = {
    lsp: { jsonrpc: '2.0', id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {} } },
    dap: { seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'snoopscope' } },
  };
  const message = (body: object): string => {
    const json = JSON.stringify(body);
    return `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
  };
  const answers = { lsp: /"textDocumentSync"/, dap: /"supportsStepBack":true/ };

  test.each(['lsp', 'dap'] as const)('%s over standard streams', async (name) => {
    const child = start([name]);
    child.stdin?.write(message(initialize[name]));
    await text(child.stdout, answers[name]);
    child.stdin?.end();
    await child.ended;
  });

  test.each(['lsp', 'dap'] as const)('%s on a port of this machine', async (name) => {
    const child = start([name, '--port', '0']);
    const [, port] = await text(child.stderr, /Listening on 127\.0\.0\.1:(\d+)/);
    const socket = connect(Number(port), '127.0.0.1');
    socket.setEncoding('utf8').write(message(initialize[name]));
    await text(socket, answers[name]);
    const taken = await start([name, '--port', String(port)]).ended;
    expect(taken.stderr).toContain(`Port ${port} is in use by another program`);
    expect(taken.code).toBe(2);
    socket.destroy();
    child.kill('SIGINT');
    await child.ended;
  });
});

describe('what was compiled', () => {
  const kept = (place: string): string[] => {
    const inside = path.join(place, 'snoopscope');
    return existsSync(inside) ? readdirSync(inside) : [];
  };

  test('is kept for the next call of the command, and changes nothing', async () => {
    const place = path.join(folder, 'kept');
    const first = await start(['check', race], { NODE_COMPILE_CACHE: place }).ended;
    const names = kept(place);
    expect(names).toEqual([expect.stringMatching(/^check-v.*\.compiled$/)]);
    const file = path.join(place, 'snoopscope', names[0]!);
    const before = statSync(file);
    expect(await start(['check', race], { NODE_COMPILE_CACHE: place }).ended).toEqual(first);
    expect(statSync(file).ino).toBe(before.ino);
  });

  test('is made again when it is of another build or broken', async () => {
    const place = path.join(folder, 'broken');
    const first = await start(['kernels'], { NODE_COMPILE_CACHE: place }).ended;
    const file = path.join(place, 'snoopscope', kept(place)[0]!);
    const whole = readFileSync(file);
    for (const wrong of [
      Buffer.alloc(0),
      Buffer.from(`0${whole.toString('latin1')}`, 'latin1'),
      whole.subarray(0, 1000),
    ]) {
      writeFileSync(file, wrong);
      expect(await start(['kernels'], { NODE_COMPILE_CACHE: place }).ended).toEqual(first);
      expect(readFileSync(file).subarray(0, 64)).toEqual(whole.subarray(0, 64));
      expect(statSync(file).size).toBeGreaterThan(100_000);
    }
  });

  test('is not kept by a call that was wrong, nor when Node is told not to, nor where nothing can be written', async () => {
    const place = path.join(folder, 'none');
    const wrong = await start(['check', 'missing.snoop'], { NODE_COMPILE_CACHE: place }).ended;
    expect(wrong.code).toBe(2);
    const off = { NODE_COMPILE_CACHE: place, NODE_DISABLE_COMPILE_CACHE: '1' };
    const first = await start(['check', race], off).ended;
    expect(kept(place)).toEqual([]);
    const nowhere = { NODE_COMPILE_CACHE: '', HOME: '', LOCALAPPDATA: '', XDG_CACHE_HOME: 'relative' };
    expect(await start(['check', race], nowhere).ended).toEqual(first);
    expect(existsSync(path.join(root, 'relative'))).toBe(false);
    const blocked = path.join(folder, 'a-file');
    writeFileSync(blocked, '');
    expect(await start(['check', race], { NODE_COMPILE_CACHE: blocked }).ended).toEqual(first);
  });
});
