// A copy of the gallery to try things in. What the user changed in it is kept; the rest follows the gallery.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What was written into the copy: SHA-256 by file. */
const record = '.snoopscope-gallery.json';

/**
 * Brings the scenarios below `gallery` to `folder`. A file there that is not as an earlier call wrote it is the user's
 * and stays, and a scenario that has left the gallery goes, unless it was changed. Returns the files that were kept
 * although the gallery has others.
 */
export async function copyGallery(gallery, folder) {
  await mkdir(folder, { recursive: true });
  const written = JSON.parse(await readFile(path.join(folder, record), 'utf8').catch(() => '{}'));
  const names = (await readdir(gallery, { recursive: true })).filter((name) => name.endsWith('.snoop'));
  const scenarios = new Set(names.map((name) => name.replaceAll('\\', '/')));
  const kept = [];
  const now = {};
  for (const name of new Set([...scenarios, ...Object.keys(written)])) {
    const target = path.join(folder, name);
    const present = existsSync(target) ? hashOf(await readFile(target)) : undefined;
    const untouched = present === undefined || present === written[name];
    const text = scenarios.has(name) ? await readFile(path.join(gallery, name)) : undefined;
    if (text && present === hashOf(text)) now[name] = present;
    else if (!untouched) kept.push(name);
    else if (text) {
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text);
      now[name] = hashOf(text);
    } else await rm(target, { force: true });
  }
  await writeFile(path.join(folder, record), `${JSON.stringify(now, null, 1)}\n`);
  return kept.filter((name) => scenarios.has(name)).sort();
}

function hashOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
