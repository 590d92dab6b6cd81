#!/usr/bin/env node
// Stands in for the desktop VS Code executable as far as @vscode/test-electron uses its command line:
// the same suite then runs in VS Code's server and workbench, in a headless Chromium.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, parseArgs } from 'node:util';
import { installChromium, installServer } from './install.mjs';
import { serveMessages } from './messages.mjs';
import { startServer } from './server.mjs';
import { openPage, openWorkbench, perform } from './workbench.mjs';

// A suite that hangs must not hang the whole test run; one takes four minutes, and several times that on a busy machine.
const longestRun = 25 * 60_000; // milliseconds

const { values, positionals } = parseArgs({
  options: {
    extensionDevelopmentPath: { type: 'string', multiple: true },
    extensionTestsPath: { type: 'string' },
    'user-data-dir': { type: 'string' },
    'extensions-dir': { type: 'string' },
  },
  // The desktop's other switches (sandbox, updates, welcome page) have no meaning here.
  strict: false,
  allowPositionals: true,
});

const say = (line) => process.stderr.write(`${line}\n`);
const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-vscode-'));
const closers = [() => rm(scratch, { recursive: true, force: true, maxRetries: 3 })];
let closing;
const close = () => {
  closing ??= (async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  })();
  return closing;
};
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => close().then(() => process.exit(130)));

let code = 1;
try {
  code = await runWorkbench();
} catch (error) {
  say(error.stack);
} finally {
  await close();
}
process.exit(code);

async function runWorkbench() {
  const { browser, page } = await openPage(await installChromium(say));
  closers.push(() => browser.close());
  const window = await serveMessages((request) => perform(page, request));
  closers.push(window.close);
  const userDataDir = toPath(values['user-data-dir']) ?? path.join(scratch, 'user-data');
  // test/vscode/suite/window.ts reads it; a web worker has no environment that could carry it.
  await addSettings(userDataDir, { 'snoopscopeTest.window': window.url });
  const server = await startServer({
    serverDir: await installServer(say),
    dataDir: path.join(scratch, 'server'),
    underDevelopment: true,
    userDataDir,
    extensionsDir: toPath(values['extensions-dir']) ?? path.join(scratch, 'extensions'),
    onLog: (text) => process.stderr.write(text),
  });
  closers.push(server.close);
  const url = server.url({
    workspace: positionals.map(toPath).at(0),
    extensionDevelopmentPaths: (values.extensionDevelopmentPath ?? []).map(toPath),
    extensionTestsPath: toPath(values.extensionTestsPath),
  });
  const { exited } = await openWorkbench(page, url, { onLog: (type, args) => say(`[${type}] ${format(...args)}`) });
  const tooLong = new Promise((resolve) => setTimeout(resolve, longestRun).unref()).then(() => {
    say(`The suite did not end within ${longestRun / 60_000} minutes.`);
    return 124;
  });
  return Promise.race([exited, server.exited, tooLong]);
}

async function addSettings(userDataDir, added) {
  const file = path.join(userDataDir, 'User', 'settings.json');
  await mkdir(path.dirname(file), { recursive: true });
  const present = await readFile(file, 'utf8').then(JSON.parse, () => ({}));
  await writeFile(file, JSON.stringify({ ...present, ...added }));
}

function toPath(value) {
  if (value === undefined) return undefined;
  return path.resolve(value.startsWith('file:') ? fileURLToPath(value) : value);
}
