// `npm start`: VS Code with the extension and the scenarios. Desktop VS Code when `code` is on the path,
// else VS Code's own server and workbench, shown by the system's browser.
//   --browser  the browser even when `code` is there
//   --no-open  print the URL, open nothing
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { installServer } from '../test/vscode/host/install.mjs';
import { cacheFolder } from '../test/vscode/host/packages.mjs';
import { startServer } from '../test/vscode/host/server.mjs';
import { build, bundles } from './build.mjs';
import { ensureInstalled, node, root } from './install.mjs';

const scenarios = path.join(root, 'scenarios');
const firstScenario = path.join(scenarios, 'wbinvd', 'local-cpu-not-flushed.snoop');
const ports = '4820-4840'; // the first free one; the same as last time keeps the browser's own state
// Without a marketplace no model can be installed: the chat would take a quarter of the window and answer nothing.
const firstSettings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
};
const options = new Set(process.argv.slice(2));
const say = (line) => process.stdout.write(`${line}\n`);

try {
  ensureInstalled();
  await build(Object.keys(bundles).filter((name) => !name.startsWith('cli')));
  const code = options.has('--browser') ? undefined : onPath('code');
  if (code) openDesktop(code);
  else await openBrowser();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

function openDesktop(code) {
  say('Opening VS Code with the extension and scenarios/ …');
  const shell = process.platform === 'win32';
  const child = spawn(shell ? `"${code}"` : code, [`--extensionDevelopmentPath=${root}`, scenarios, firstScenario], {
    stdio: 'inherit',
    shell,
  });
  child.once('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
  child.once('exit', (status) => {
    process.exitCode = status ?? 1;
  });
}

async function openBrowser() {
  const serverDir = await installServer(say);
  const state = process.env.SNOOPSCOPE_START_STATE ?? path.join(cacheFolder(), 'start');
  await writeFirstSettings(state);
  const server = await startServer({
    serverDir,
    node,
    port: ports,
    dataDir: path.join(state, 'server'),
    userDataDir: path.join(state, 'user-data'),
    extensionsDir: path.join(state, 'extensions'),
  });
  const asked = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve('asked'));
  });
  const url = server.url({ workspace: scenarios, openFile: firstScenario, extensionDevelopmentPaths: [root] });
  say(
    `\nVS Code with Snoopscope runs on this machine only, at\n\n  ${url}\n\nOpen it in a browser, then press F5 in a scenario. Ctrl+C here ends it.`,
  );
  if (!options.has('--no-open')) openInSystemBrowser(url);
  const end = await Promise.race([asked, server.exited]);
  await server.close();
  if (end !== 'asked') throw new Error(`VS Code's server ended by itself, with exit code ${end}.`);
  say('\nVS Code has ended.');
}

// Only when there are none: afterwards they are the user's.
async function writeFirstSettings(state) {
  const file = path.join(state, 'user-data', 'User', 'settings.json');
  if (existsSync(file)) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(firstSettings, null, 2)}\n`);
}

// A machine without a browser is no error: the URL is printed.
function openInSystemBrowser(url) {
  const [command, ...args] = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }[
    process.platform
  ] ?? ['xdg-open'];
  spawn(command, [...args, url], { stdio: 'ignore', detached: true })
    .once('error', () => {})
    .unref();
}

function onPath(name) {
  const endings = process.platform === 'win32' ? ['.cmd', '.exe'] : [''];
  const folders = (process.env.PATH ?? process.env.Path ?? '').split(path.delimiter).filter(Boolean);
  return folders
    .flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)))
    .find((file) => existsSync(file));
}
