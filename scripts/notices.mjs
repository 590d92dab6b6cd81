// Third-party notices: the licences of what is bundled, from the packages themselves.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './install.mjs';

/**
 * The notices for bundles made of `sources` (files relative to the repository, as build() returns them): name, version,
 * licence and its text of every npm package that one of them is from. Throws when a package has no licence text.
 */
export async function thirdPartyNotices(sources) {
  const folders = new Set([...sources].map(packageFolder).filter((folder) => folder !== undefined));
  const notices = await Promise.all([...folders].sort().map(noticeOf));
  return [
    'Snoopscope contains code of these packages.\n',
    ...notices.map(({ title, text }) => `${'='.repeat(78)}\n${title}\n\n${text}\n`),
  ].join('\n');
}

/** `node_modules/a/node_modules/@b/c` of a file in it; undefined for our own sources. */
function packageFolder(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file.replaceAll('\\', '/'))?.[0];
}

async function noticeOf(folder) {
  const place = path.join(root, folder);
  const { name, version, license, repository } = JSON.parse(await readFile(path.join(place, 'package.json'), 'utf8'));
  const files = (await readdir(place)).filter((file) => /^(?:licen[cs]e|copying|notice)(?:\.|$)/i.test(file)).sort();
  if (files.length === 0) throw new Error(`${folder} is bundled and has no licence text.`);
  const texts = await Promise.all(files.map((file) => readFile(path.join(place, file), 'utf8')));
  const home = typeof repository === 'string' ? repository : repository?.url;
  const title = [`${name} ${version} (${license})`, ...(home ? [home] : [])].join('\n');
  return { title, text: texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n') };
}
