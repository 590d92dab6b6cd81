// Installs the project's dependencies when node_modules does not hold what package-lock.json says.
// Uses nothing but Node itself: it must run on a fresh clone.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expectNetwork } from './start/network.mjs';

export const root = path.resolve(import.meta.dirname, '..');

/** Node 24 from the devDependency, whatever Node started the script. Exists only after ensureInstalled(). */
export const node = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Runs `npm ci` if anything is missing or of another version. npm's own output goes to stderr, so stdout stays the caller's. */
export function ensureInstalled() {
  if (isInstalled()) return;
  process.stderr.write('Installing dependencies (npm ci, about 500 MB on disk) …\n');
  expectNetwork('the dependencies in package-lock.json (npm ci)');
  const { status, error } = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (error || status !== 0)
    throw new Error(`npm ci failed${error ? `: ${error.message}` : ` with exit code ${status}`}`);
  if (!existsSync(node))
    throw new Error('npm ci did not install the devDependency "node"; are install scripts allowed?');
}

/** Runs npm with the given arguments; its stdout goes to our stderr. */
export function runNpm(args, options = {}) {
  // Under `npm run`, the very npm that started us is used; it is a script for Node, also on Windows.
  const script = process.env.npm_execpath;
  const [command, first, shell] = script?.endsWith('.js')
    ? [process.execPath, [script], false]
    : ['npm', [], process.platform === 'win32'];
  return spawnSync(command, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2], shell, ...options });
}

/** An environment in which `node` and the project's tools are found first. */
export function toolEnvironment(extra = {}) {
  const bin = path.join(root, 'node_modules', '.bin');
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...process.env, [key]: [path.dirname(node), bin, process.env[key]].join(path.delimiter), ...extra };
}

// npm writes node_modules/.package-lock.json as the list of what it really installed.
// The contents are compared, not the times: a checkout touches times, and npm writes both files at once.
function isInstalled() {
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  const present = packagesOf(path.join(root, 'node_modules', '.package-lock.json'));
  if (!existsSync(node)) return false;
  return Object.entries(wanted).every(([place, { version, optional, link }]) => {
    if (!place.startsWith('node_modules/') || optional) return true;
    return present[place] !== undefined && (link || present[place].version === version);
  });
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : {};
}
