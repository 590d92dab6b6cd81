// Starts VS Code's server on 127.0.0.1 and ends it with everything it started.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './packages.mjs';

/**
 * Starts the server of `serverDir` on `port`: a number, a range such as `4800-4820` of which it takes the first free one,
 * or 0 for any. Resolves when it listens.
 * `underDevelopment` lets URLs name extensions by their folders and suites to run; VS Code then shows no notification and
 * no dialog.
 * Returns its port, `url(...)` for a workbench in it, `exited` (a promise of its exit code) and `close()`.
 * The connection token in the URL keeps other users of the machine out.
 */
export async function startServer({
  serverDir,
  port = '0',
  node = process.execPath,
  dataDir,
  userDataDir,
  extensionsDir,
  underDevelopment = false,
  env = {},
  onLog = () => {},
}) {
  await Promise.all([dataDir, userDataDir, extensionsDir].map((folder) => mkdir(folder, { recursive: true })));
  const token = randomBytes(16).toString('hex');
  const args = [
    path.join(serverDir, 'out', 'server-main.js'),
    ...['--host', '127.0.0.1', '--port', port, '--connection-token', token],
    ...['--server-data-dir', dataDir, '--user-data-dir', userDataDir, '--extensions-dir', extensionsDir],
    ...['--accept-server-license-terms', '--telemetry-level', 'off', '--disable-workspace-trust'],
    ...(underDevelopment ? ['--enable-smoke-test-driver'] : []),
  ];
  // An empty gallery: no look-ups in a marketplace. The group of its own lets close() reach the extension hosts too.
  const server = spawn(node, args, {
    env: { ...process.env, EXTENSIONS_GALLERY: '{}', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const exited = new Promise((resolve) => server.once('exit', (code) => resolve(code ?? 1)));
  const end = (signal) => signalGroup(server, signal);
  const atExit = () => end('SIGKILL');
  process.once('exit', atExit);

  let closing;
  const close = () => {
    closing ??= (async () => {
      end('SIGTERM');
      await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
      end('SIGKILL');
      process.off('exit', atExit);
    })();
    return closing;
  };

  try {
    const found = await listening(server, onLog);
    return { port: found, exited, close, url: (options) => workbenchUrl(found, token, options) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Installs a VSIX into `extensionsDir`, as the server's own command line does. Throws with what it says. */
export async function installExtension({ serverDir, node = process.execPath, vsix, extensionsDir, dataDir }) {
  const said = await run(node, [
    path.join(serverDir, 'out', 'server-main.js'),
    ...['--install-extension', path.resolve(vsix), '--force'],
    ...['--extensions-dir', extensionsDir, '--server-data-dir', dataDir, '--accept-server-license-terms'],
  ]);
  // It ends with exit code 0 even when it could not.
  if (!/successfully installed/.test(said)) throw new Error(`VS Code did not install ${vsix}:\n${said}`);
}

function listening(server, onLog) {
  return new Promise((resolve, reject) => {
    let log = '';
    const read = (data) => {
      onLog(String(data));
      if (log === undefined) return;
      log += data;
      const port = /Extension host agent listening on (\d+)/.exec(log)?.[1];
      if (port) {
        log = undefined;
        resolve(Number(port));
      }
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`VS Code's server ended with exit code ${code}\n${log ?? ''}`)));
  });
}

function workbenchUrl(port, token, { workspace, extensionDevelopmentPaths = [], extensionTestsPath, openFile }) {
  const remote = (file) => `vscode-remote://127.0.0.1:${port}${pathToFileURL(path.resolve(file)).pathname}`;
  const entries = extensionDevelopmentPaths.map((folder) => ['extensionDevelopmentPath', remote(folder)]);
  if (extensionTestsPath) entries.push(['extensionTestsPath', remote(extensionTestsPath)]);
  if (openFile) entries.push(['openFile', remote(openFile)]);
  entries.push(['skipWelcome', 'true'], ['skipReleaseNotes', 'true']);
  const query = new URLSearchParams({ tkn: token });
  if (workspace) {
    query.set(
      workspace.endsWith('.code-workspace') ? 'workspace' : 'folder',
      pathToFileURL(path.resolve(workspace)).pathname,
    );
  } else {
    query.set('ew', 'true');
  }
  query.set('payload', JSON.stringify(entries));
  return `http://127.0.0.1:${port}/?${query}`;
}

function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // ESRCH: the whole group is gone, which is what was wanted.
  }
}
