// `npm start`: VS Code with the extension, installed from its VSIX, and a copy of the gallery to try things in. Desktop
// VS Code when `code` is on the path, with settings and extensions of its own; else VS Code's server and workbench, shown
// by the system's browser.
//   --browser   the browser even when `code` is there
//   --no-open   print the URL, open nothing
//   --here DIR  the copy of the gallery in DIR
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installServer } from '../test/vscode/host/install.mjs';
import { cacheFolder, run } from '../test/vscode/host/packages.mjs';
import { installExtension, startServer } from '../test/vscode/host/server.mjs';
import { ensureInstalled, node, root } from './install.mjs';
import { freshVsix } from './package.mjs';
import { copyGallery } from './start/gallery-copy.mjs';
import { takeSlot } from './start/slots.mjs';

const firstScenario = path.join('wbinvd', 'local-cpu-not-flushed.snoop');
const ports = [4820, 4840]; // the first free one; the same as last time keeps the browser's own state
// Without a marketplace no model can be installed: the chat would take a quarter of the window and answer nothing.
const firstSettings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  // What the copy of the gallery was made of: of no interest to its reader.
  'files.exclude': { '**/.snoopscope-gallery.json': true },
};
const say = (line) => process.stdout.write(`${line}\n`);

try {
  const options = parseOptions();
  ensureInstalled();
  const base = process.env.SNOOPSCOPE_START_STATE ?? cacheFolder();
  const scenarios = await prepareScenarios(options.here, path.join(base, 'scenarios'));
  const vsix = await freshVsix();
  const code = options.browser ? undefined : onPath('code');
  if (code) await openDesktop(code, vsix, scenarios, path.join(base, 'start', 'desktop'));
  else await openBrowser(vsix, scenarios, path.join(base, 'start'), !options['no-open']);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

function parseOptions() {
  const boolean = { type: 'boolean' };
  try {
    return parseArgs({ options: { browser: boolean, 'no-open': boolean, here: { type: 'string' } } }).values;
  } catch (error) {
    throw new Error(
      `${error.message.split('\n')[0]}. npm start takes --browser, --no-open and --here DIR, after \`--\`.`,
    );
  }
}

async function prepareScenarios(here, usual) {
  // npm runs scripts in the project's folder; the user's DIR is relative to where npm was called.
  const folder = here === undefined ? usual : path.resolve(process.env.INIT_CWD ?? process.cwd(), here);
  const gallery = path.join(root, 'scenarios');
  if (!path.relative(gallery, folder).startsWith('..'))
    throw new Error(`${folder} is the gallery itself. Name a folder outside it for the copy.`);
  const kept = await copyGallery(gallery, folder);
  say(`Scenarios: ${folder}, a copy of the gallery to try things in.`);
  if (kept.length > 0) say(`  Your changes are kept in ${kept.join(', ')}; the gallery's own is in ${gallery}.`);
  return folder;
}

async function openDesktop(code, vsix, scenarios, state) {
  await writeFirstSettings(state);
  const dirs = ['--user-data-dir', path.join(state, 'user-data'), '--extensions-dir', path.join(state, 'extensions')];
  await unlessInstalled(vsix, state, () => run(code, [...dirs, '--install-extension', vsix, '--force']));
  await run(code, [...dirs, '--disable-workspace-trust', scenarios, path.join(scenarios, firstScenario)]);
  say('VS Code opens with settings and extensions of its own; yours are not touched. Press F5 in a scenario.');
}

async function openBrowser(vsix, scenarios, base, open) {
  const serverDir = await installServer(say);
  const { number, folder: state } = takeSlot(base);
  const extensionsDir = path.join(state, 'extensions');
  const dataDir = path.join(state, 'server');
  await writeFirstSettings(state);
  await unlessInstalled(vsix, state, () => installExtension({ serverDir, node, vsix, extensionsDir, dataDir }));
  // From before the server starts until it has ended: a signal at another time, or a second one, would orphan it.
  const asked = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve('asked'));
  });
  const server = await startServer({
    serverDir,
    node,
    // A range of its own for each start, so that two at once do not find the same port free.
    port: `${Math.min(ports[0] + number - 1, ports[1])}-${ports[1]}`,
    dataDir,
    userDataDir: path.join(state, 'user-data'),
    extensionsDir,
  });
  const url = server.url({ workspace: scenarios, openFile: path.join(scenarios, firstScenario) });
  say(
    `\nVS Code with Snoopscope runs on this machine only, at\n\n  ${url}\n\nOpen it in a browser, then press F5 in a scenario. Ctrl+C here ends it.`,
  );
  if (open) openInSystemBrowser(url);
  const end = await Promise.race([asked, server.exited]);
  await server.close();
  if (end !== 'asked') throw new Error(`VS Code's server exited on its own, with exit code ${end}.`);
  say('\nVS Code has ended.');
}

/** Calls `install` unless this very VSIX is what the state's extensions folder has. */
async function unlessInstalled(vsix, state, install) {
  const file = path.join(state, 'installed-vsix');
  const wanted = createHash('sha256')
    .update(await readFile(vsix))
    .digest('hex');
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present === wanted) return;
  say('Installing the extension …');
  await install();
  await writeFile(file, wanted);
}

// Only when there are none: afterwards they are the user's.
async function writeFirstSettings(state) {
  const file = path.join(state, 'user-data', 'User', 'settings.json');
  if (existsSync(file)) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(firstSettings, null, 2)}\n`);
}

// A machine without a browser is not an error: the URL is printed.
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
