// Fetches single packages from the npm registry, pinned by version and checksum, and unpacks them into a cache folder.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { expectNetwork } from '../../../scripts/start/network.mjs';

/** Where installed parts are kept between runs: SNOOPSCOPE_CACHE, else the user's cache folder. */
export function cacheFolder() {
  if (process.env.SNOOPSCOPE_CACHE) return path.resolve(process.env.SNOOPSCOPE_CACHE);
  if (process.platform === 'win32' && process.env.LOCALAPPDATA)
    return path.join(process.env.LOCALAPPDATA, 'snoopscope');
  return path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'snoopscope');
}

/**
 * The folder `name` in the cache, made by `install(folder)` when it is not there yet.
 * The name carries the version, so another version is another folder. The work is done in a folder of its own that is
 * renamed at the end: an install that was cut off, or two at once, never leave a half-filled folder.
 */
export async function cached(name, install) {
  const folder = path.join(cacheFolder(), name);
  const stamp = path.join(folder, 'installed.json');
  if (existsSync(stamp)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(path.join(cacheFolder(), `${name}.installing-`));
  try {
    await install(work);
    await writeFile(path.join(work, 'installed.json'), `${JSON.stringify({ name, at: new Date().toISOString() })}\n`);
    await rename(work, folder).catch((error) => {
      if (!existsSync(stamp)) throw error; // else another process was faster
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

/** Unpacks `name@version` into `folder`. Throws when the registry's archive has not the sha512 pinned here. */
export async function unpackPackage({ name, version, sha512 }, folder) {
  expectNetwork(`${name} ${version}`);
  await mkdir(folder, { recursive: true });
  const out = await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder], folder);
  const archive = path.join(folder, out.trim().split('\n').at(-1));
  const found = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (found !== sha512) throw new Error(`${name}@${version}: the archive's sha512 is ${found}, expected ${sha512}`);
  await run('tar', ['-xzf', archive, '--strip-components=1', '-C', folder], folder);
  await rm(archive);
}

/** Runs a command to its end; returns its stdout, throws with its stderr. */
export async function run(command, args, cwd) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (err += data));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed with exit code ${code}\n${err}`);
  return out;
}
