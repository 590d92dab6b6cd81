/** From files and folders on the command line to scenario files. */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';
import { systemReason } from './text-file.ts';

const EXTENSION = '.snoop';
/** Folders that hold other people's files. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** Files as they are named, folders as the scenarios in them and below, in the order of their names. */
export function scenarioPaths(io: Io, names: readonly string[]): string[] {
  const found: string[] = [];
  for (const name of names) found.push(...expand(io, name));
  return [...new Set(found)];
}

function expand(io: Io, name: string): string[] {
  if (name === '-') return [name];
  const place = path.resolve(io.workingDirectory, name);
  let isFolder: boolean;
  try {
    isFolder = statSync(place).isDirectory();
  } catch (error) {
    throw new Failure(systemReason(error), { code: 'unreadable-file', file: name });
  }
  if (!isFolder) return [name];
  const inside = below(place, name);
  if (inside.length > 0) return inside;
  throw new Failure(`No ${EXTENSION} file is in this folder.`, { code: 'no-scenarios', file: name });
}

function below(folder: string, name: string): string[] {
  const entries = entriesOf(folder);
  // Taken for a file: reading it fails and says why, and the rest of the tree is still read.
  if (entries === undefined) return [name];
  const found: string[] = [];
  for (const entry of entries) {
    const inner = path.join(name, entry.name);
    // Links are not followed: they may lead in a circle.
    if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) found.push(...below(path.join(folder, entry.name), inner));
    else if (entry.isFile() && entry.name.endsWith(EXTENSION)) found.push(inner);
  }
  return found;
}

/** In the order of their names; undefined where the folder cannot be read. */
function entriesOf(folder: string): Dirent[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return undefined;
  }
}
