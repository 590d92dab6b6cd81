import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type FoundScenarios, MOST_SCENARIOS } from './workspace.ts';

/** Folders that are searched; a workspace with more is not likely to be about scenarios. */
const MOST_FOLDERS = 20_000;

/**
 * The scenarios in a folder of this machine, and in those inside it when asked. Links are not followed, so that there are
 * no circles; what packages install, and folders whose name begins with a dot, do not count. Never rejects: folders
 * that cannot be read hold nothing.
 */
export async function findLocal(folder: string, deep: boolean): Promise<FoundScenarios> {
  const uris: string[] = [];
  const folders = pathsOf(folder);
  for (let seen = 0; seen < folders.length; seen++) {
    if (seen === MOST_FOLDERS || uris.length > MOST_SCENARIOS) return { uris, cut: true };
    const here = folders[seen]!;
    const entries = await readdir(here, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const file = path.join(here, entry.name);
      if (entry.isFile() && entry.name.endsWith('.snoop')) uris.push(pathToFileURL(file).href);
      else if (deep && entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
        folders.push(file);
    }
  }
  return { uris, cut: false };
}

/** None for a URI of another machine. */
function pathsOf(folder: string): string[] {
  try {
    return [fileURLToPath(folder)];
  } catch {
    return [];
  }
}
