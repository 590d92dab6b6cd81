// `npm start` is the first thing anybody does with the project, so it is run as a user runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { installChromium } from '../vscode/host/install.mjs';
import { openPage } from '../vscode/host/workbench.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const closer of closers.splice(0).reverse()) await closer();
});

test('npm start serves VS Code with the extension active, and Ctrl+C ends it', { timeout: 180_000 }, async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'snoopscope-start-'));
  closers.push(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));
  const start = spawn(process.execPath, ['scripts/start.mjs', '--browser', '--no-open'], {
    cwd: root,
    // Settings and state of its own, but the installed VS Code is the cached one.
    env: { ...process.env, SNOOPSCOPE_START_STATE: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closers.push(async () => start.kill('SIGKILL'));
  const url = await printedUrl(start);

  const { browser, page } = await openPage(await installChromium());
  closers.push(() => browser.close());
  await page.goto(url);
  // The scenario is open, and the lens above it is an answer of the language server.
  await page.locator('.tab.active', { hasText: 'local-cpu-not-flushed.snoop' }).waitFor({ timeout: 60_000 });
  await page.locator('.codelens-decoration', { hasText: 'Check' }).first().waitFor({ timeout: 60_000 });

  start.kill('SIGINT');
  const [code] = await once(start, 'exit');
  expect(code).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

function printedUrl(start: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    start.stdout?.on('data', (chunk) => {
      text += chunk;
      const url = /http:\/\/127\.0\.0\.1:\S+(?=\s)/.exec(text)?.[0];
      if (url) resolve(url);
    });
    start.once('exit', (code) => reject(new Error(`npm start ended with exit code ${code} and no URL:\n${text}`)));
  });
}
