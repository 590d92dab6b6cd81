// `npm run -s snoopscope -- ARGUMENTS`: the command as users have it, bundled again first when a source is newer.
// stdout belongs to the command alone.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { build, isStale } from './build.mjs';
import { ensureInstalled, node, root } from './install.mjs';

try {
  ensureInstalled();
  if (await isStale('cli')) await build(['cli']);
} catch (error) {
  process.stderr.write(`snoopscope could not be built.\n${error.message}\n`);
  process.exit(1);
}

// npm runs scripts in the project's folder; the user's files are relative to where npm was called.
const cwd = process.env.INIT_CWD ?? process.cwd();
const child = spawn(node, [path.join(root, 'dist/cli.js'), ...process.argv.slice(2)], { cwd, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
