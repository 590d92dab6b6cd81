/** From files and folders on the command line to scenario files. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';
import { systemReason } from './text-file.ts';

const EXTENSION = '.snoop';
/** Folders that hold other people's files. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** Files as they are named, folders as the scenarios in them and below, in the order of their names. */
export async function scenarioPaths(io: Io, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) found.push(...(await expand(io, name)));
  return [...new Set(found)];
}

async function expand(io: Io, name: string): Promise<string[]> {
  if (name === '-') return [name];
  const place = path.resolve(io.workingDirectory, name);
  let isFolder: boolean;
  try {
    isFolder = (await stat(place)).isDirectory();
  } catch (error) {
    throw new Failure(systemReason(error), { code: 'unreadable-file', file: name });
  }
  if (!isFolder) return [name];
  const inside = await below(place, name);
  if (inside.length > 0) return inside;
  throw new Failure(`No ${EXTENSION} file is in this folder.`, { code: 'no-scenarios', file: name });
}

async function below(folder: string, name: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const inner = path.join(name, entry.name);
    // Links are not followed: they may lead in a circle.
    if (entry.isDirectory() && !LEFT_OUT.has(entry.name))
      found.push(...(await below(path.join(folder, entry.name), inner)));
    else if (entry.isFile() && entry.name.endsWith(EXTENSION)) found.push(inner);
  }
  return found;
}
