// `npm start` is the first thing anybody does with the project, so it is run as a user runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transform } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';
import { installChromium, installServer } from '../vscode/host/install.mjs';
import { openPage } from '../vscode/host/workbench.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const closer of closers.splice(0).reverse()) await closer();
});

async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-start-'));
  closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** `npm start` with settings, state and scenarios below `state`, but with the installed VS Code of the cache. */
function start(state: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ['scripts/start.mjs', ...args], {
    cwd: root,
    env: { ...process.env, SNOOPSCOPE_START_STATE: state, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  closers.push(async () => child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = '';
  child.stdout?.on('data', (chunk) => (said += chunk));
  child.stderr?.on('data', (chunk) => (said += chunk));
  const [code] = await once(child, 'close');
  return { code, said };
}

describe('in a browser', () => {
  test('the extension is installed, notifications are shown, and Ctrl+C ends everything', async () => {
    const state = await scratchFolder();
    const here = path.join(await scratchFolder(), 'mine');
    const child = start(state, ['--browser', '--no-open', '--here', here]);
    const url = await printedUrl(child);

    const broken = 'setup {\n  kvm = opne("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_MV)\n}\n';
    // Before the window is there: what is written while VS Code begins to watch the folder it may never notice.
    await writeFile(path.join(here, 'broken.snoop'), broken);
    const page = await open(url);
    // The scenario is open, and the lens above it is an answer of the language server.
    await page.locator('.tab.active', { hasText: 'local-cpu-not-flushed.snoop' }).waitFor();
    await page.locator('.codelens-decoration', { hasText: 'Check' }).first().waitFor();
    await page.locator('.monaco-list-row', { hasText: 'broken.snoop' }).dblclick();
    await page.locator('.squiggly-error').first().waitFor();
    await page.locator('.codelens-decoration a', { hasText: 'Explore' }).first().click();
    await page.locator('.notification-toast', { hasText: 'opne' }).waitFor();
    // F5 says where the first error is, how many there are, and leads to them.
    await page.keyboard.press('F5');
    const refusal = page.locator('.notification-toast', {
      hasText: /broken\.snoop cannot run\. Line 2:.*There are 2 errors/s,
    });
    await refusal.getByRole('button', { name: 'Show Problems' }).click();
    await page.locator('.markers-panel .monaco-list-row', { hasText: 'KVM_CREATE_MV' }).waitFor();

    const group = membersWith(state);
    expect(group.length).toBeGreaterThan(1);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    expect(membersWith(state)).toEqual([]);
  });

  test('two at once have ports and states of their own', async () => {
    const state = await scratchFolder();
    const first = start(state, ['--browser', '--no-open']);
    const second = start(state, ['--browser', '--no-open']);
    const urls = await Promise.all([printedUrl(first), printedUrl(second)]);
    expect(new URL(urls[0]!).port).not.toBe(new URL(urls[1]!).port);
    // The server takes the token, and answers with the cookie that goes with it.
    for (const url of urls) expect((await fetch(url, { redirect: 'manual' })).status).toBe(302);
    for (const child of [first, second]) {
      const exit = once(child, 'exit');
      child.kill('SIGINT');
      // As npm and a terminal both send it, or an impatient user does.
      child.kill('SIGTERM');
      child.kill('SIGINT');
      expect((await exit)[0]).toBe(0);
    }
    // The server asks login shells for their environment; they end by themselves, on some machines seconds later.
    await expect.poll(() => membersWith(state), { timeout: 120_000 }).toEqual([]);
    // What the first had is free again.
    const third = start(state, ['--browser', '--no-open']);
    expect(urls.map((url) => new URL(url).port)).toContain(new URL(await printedUrl(third)).port);
    third.kill('SIGINT');
    await once(third, 'exit');
  });
});

test('a desktop VS Code gets settings, extensions and scenarios of its own', async () => {
  const state = await scratchFolder();
  const bin = await scratchFolder();
  const log = path.join(bin, 'calls');
  const code = path.join(bin, process.platform === 'win32' ? 'code.cmd' : 'code');
  await writeFile(code, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\n`, { mode: 0o755 });
  const { code: status, said } = await ended(start(state, [], { PATH: `${bin}${path.delimiter}${process.env.PATH}` }));
  expect(said).toContain(path.join(state, 'scenarios'));
  expect(status).toBe(0);
  const calls = (await readFile(log, 'utf8')).trim().split('\n');
  expect(calls).toHaveLength(2);
  for (const call of calls) {
    expect(call).toContain(`--user-data-dir ${state}`);
    expect(call).toContain(`--extensions-dir ${state}`);
  }
  expect(calls[0]).toMatch(/--install-extension \S+\.vsix/);
  expect(calls[1]).toContain(path.join(state, 'scenarios', 'wbinvd', 'local-cpu-not-flushed.snoop'));
});

describe('what is missing is said', () => {
  test('a registry that does not answer, whatever of it npm has in its cache', async () => {
    const cache = await scratchFolder();
    const packages = createServer((request, response) => {
      const name = request.url!.slice(1);
      const version = { name, version: '1.0.0', dist: { tarball: `http://${request.headers.host}/${name}.tgz` } };
      response.setHeader('content-type', 'application/json');
      response.setHeader('cache-control', 'public, max-age=300');
      response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }));
    }).listen(0, '127.0.0.1');
    await once(packages, 'listening');
    const { port } = packages.address() as AddressInfo;
    const env = {
      SNOOPSCOPE_CACHE: cache,
      npm_config_registry: `http://127.0.0.1:${port}/`,
      npm_config_cache: path.join(cache, 'npm'),
    };
    const windows = process.platform === 'win32';
    const view = spawn('npm', ['view', 'npm', 'name'], { env: { ...process.env, ...env }, shell: windows });
    expect((await ended(view)).said).toBe('npm\n');
    packages.close();
    packages.closeAllConnections();
    const { code, said } = await ended(start(await scratchFolder(), ['--browser', '--no-open'], env));
    expect(said).toMatch(/No network: the npm registry cannot be reached \(ECONNREFUSED\)/);
    expect(said).toMatch(/Not downloaded: code-server \d/);
    expect(code).toBe(1);
  });

  test('a Node that is too old, by a file that any Node can read', async () => {
    const file = path.join(root, 'scripts/node-version.cjs');
    const old = 'Object.defineProperty(process.versions, "node", { value: "18.20.4" });';
    const preload = path.join(await scratchFolder(), 'old.cjs');
    await writeFile(preload, old);
    const child = spawn(process.execPath, ['-r', preload, '-r', file, '-e', 'console.log("ran")']);
    const { code, said } = await ended(child);
    expect(said).toMatch(/^Snoopscope needs Node 20\.19 or newer; this is Node 18\.20\.4 at \S.*\.\n$/);
    expect(code).toBe(1);
    // esbuild refuses what it cannot write in ES5.
    await transform(readFileSync(file, 'utf8'), { target: 'es5' });
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    for (const name of ['start', 'test', 'build', 'package', 'snoopscope'])
      expect(scripts[name]).toMatch(/^node -r \.\/scripts\/node-version\.cjs /);
  });

  test.each([
    [['--help'], "Unknown option '--help'"],
    [['--here'], "Option '--here <value>' argument missing"],
    [['scenarios'], "Unexpected argument 'scenarios'"],
  ])('%s, with the options that there are', async (args, problem) => {
    const { code, said } = await ended(start(await scratchFolder(), args));
    expect(said).toContain(problem);
    expect(said).toContain('npm start takes --browser, --no-open and --here DIR, after `--`.');
    expect(code).toBe(1);
  });

  test('a folder for the copy that is the gallery itself', async () => {
    const { code, said } = await ended(start(await scratchFolder(), ['--here', path.join(root, 'scenarios/wbinvd')]));
    expect(said).toContain('is the gallery itself');
    expect(code).toBe(1);
  });
});

async function open(url: string): Promise<Page> {
  await installServer();
  const { browser, page } = await openPage(await installChromium());
  closers.push(() => browser.close());
  await page.goto(url);
  return page;
}

/** Processes that were started with this text in their command line or environment: what a start leaves over. */
function membersWith(text: string): string[] {
  if (process.platform !== 'linux') return [];
  return globSync('/proc/[0-9]*').filter((folder) => {
    if (folder === `/proc/${process.pid}`) return false;
    try {
      return ['cmdline', 'environ'].some((file) => readFileSync(path.join(folder, file), 'utf8').includes(text));
    } catch {
      return false; // It has ended, or is another user's.
    }
  });
}

function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        text += chunk;
        const url = /http:\/\/127\.0\.0\.1:\S+(?=\s)/.exec(text)?.[0];
        if (url) resolve(url);
      });
    child.once('exit', (code) => reject(new Error(`npm start ended with exit code ${code} and no URL:\n${text}`)));
  });
}
