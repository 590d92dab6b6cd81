// Debian's kernels, from the servers that the machine's own apt configuration names, unpacked in the cache folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Asked for one after the other; a suite that the servers do not have is named and left out. */
const SUITES = ['bullseye', 'bookworm', 'trixie', 'forky', 'sid'];

/** What Debian signs its suites with. */
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * One kernel a suite: `{ suite, release, folder }`, folder holding the unpacked packages, and the suites without one.
 *
 * @param {string} cache folder that is kept between calls
 * @param {(text: string) => void} tell progress
 */
export function debianKernels(cache, tell) {
  const kernels = [];
  const without = [];
  for (const suite of SUITES) {
    try {
      const kernel = kernelOf(suite, cache, tell);
      if (kernels.some(({ release }) => seriesOf(release) === seriesOf(kernel.release))) continue;
      kernels.push(kernel);
    } catch (error) {
      without.push({ suite, reason: error.message.split('\n')[0] });
    }
  }
  return { kernels, without };
}

function kernelOf(suite, cache, tell) {
  const apt = privateApt(suite, path.join(cache, 'apt', suite), tell);
  const image = newestImage(apt);
  const folder = path.join(cache, 'kernels', image.replace(/^linux-image-/, ''));
  const release = image.replace(/^linux-image-/, '');
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    tell(`downloading ${image} of ${suite}`);
    // From 6.19 on the image package is empty, and two others hold what it held.
    const names = [image, ...['binary', 'modules'].map((part) => `linux-${part}-${release}`)].filter((name) =>
      has(apt, name),
    );
    const got = spawnSync('apt-get', ['download', ...names], { cwd: unfinished, env: apt, encoding: 'utf8' });
    if (got.status !== 0) throw new Error(`${image} could not be downloaded`);
    for (const deb of readdirSync(unfinished).filter((name) => name.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['-x', deb, '.'], { cwd: unfinished });
      rmSync(path.join(unfinished, deb));
    }
    renameSync(unfinished, folder);
  }
  return { suite, release, folder };
}

/** An environment in which apt knows one suite and writes below the folder alone. */
function privateApt(suite, folder, tell) {
  const config = path.join(folder, 'apt.conf');
  const environment = { ...process.env, APT_CONFIG: config };
  if (existsSync(config)) return environment;
  for (const part of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(path.join(folder, part), { recursive: true });
  writeFileSync(path.join(folder, 'status'), '');
  writeFileSync(path.join(folder, 'sources.list'), sources(suite).join('\n'));
  writeFileSync(
    config,
    [
      `Dir::State "${folder}/state";`,
      `Dir::State::status "${folder}/status";`,
      `Dir::Cache "${folder}/cache";`,
      `Dir::Etc::sourcelist "${folder}/sources.list";`,
      'Dir::Etc::sourceparts "-";',
      'APT::Architecture "amd64";',
      'APT::Sandbox::User "";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::Languages "none";',
    ].join('\n'),
  );
  tell(`asking for ${suite}`);
  const updated = spawnSync('apt-get', ['update', '--error-on=any'], { env: environment, encoding: 'utf8' });
  if (updated.status !== 0) {
    rmSync(folder, { recursive: true });
    throw new Error('the servers of the apt configuration do not have it, or its key is not known');
  }
  return environment;
}

/** Lines of sources.list: each server of the machine's own configuration, with another suite. */
function sources(suite) {
  const targets = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const servers = [...new Set(targets.trim().split('\n'))].filter((uri) => uri !== '' && !uri.includes('security'));
  const signed = existsSync(KEYS) ? `[signed-by=${KEYS}] ` : '';
  return servers.map((uri) => `deb ${signed}${uri} ${suite} main`);
}

function newestImage(env) {
  const names = execFileSync('apt-cache', ['pkgnames', 'linux-image-'], { env, encoding: 'utf8' })
    .split('\n')
    .filter((name) => /^linux-image-\d[\w.+~-]*-amd64$/.test(name) && !/-(?:cloud|rt|unsigned)-/.test(name));
  const concrete = names.filter(
    (name) => /^linux-image-\d+\.\d+[.\d]*[-+.\w]*-amd64$/.test(name) && !/^linux-image-\d+\.\d+-amd64$/.test(name),
  );
  const newest = concrete.sort(byVersion).at(-1);
  if (!newest) throw new Error('it has no linux-image for amd64');
  return newest;
}

/** `6.12` of `6.12.117+deb13-amd64`. */
function seriesOf(release) {
  return /^\d+\.\d+/.exec(release)?.[0];
}

function byVersion(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

function has(env, name) {
  return spawnSync('apt-cache', ['show', '--no-all-versions', name], { env, encoding: 'utf8' }).stdout.includes(
    'Filename:',
  );
}
