/** Files that a call writes: refused before the work that fills them, and replaced in one piece. */
import { promises, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';
import { systemReason } from './text-file.ts';

type Folder = Pick<Io, 'workingDirectory'>;

/** Before the work begins: a Failure where a file of that name cannot be, as its folder is missing or it is a folder. */
export function refuseNoPlace({ workingDirectory }: Folder, option: string, name: string): void {
  const place = path.resolve(workingDirectory, name);
  const folder = path.dirname(place);
  const refuse = (why: string): never => {
    throw new Failure(`${option} cannot be written: ${why}`, { code: 'unwritable-file', file: name });
  };
  if (kindOf(place) === 'folder') refuse('this is a folder. Name a file in it.');
  const shown = path.dirname(name);
  if (kindOf(folder) === undefined) refuse(`the folder \`${shown}\` does not exist. Create it first.`);
  if (kindOf(folder) !== 'folder') refuse(`\`${shown}\` is not a folder.`);
}

/** Writes a file in one piece: whatever ends the process leaves the old one or the new one. */
export async function writeWhole(
  { workingDirectory }: Folder,
  option: string,
  name: string,
  content: Uint8Array | string,
): Promise<void> {
  const place = path.resolve(workingDirectory, name);
  // A pipe or a device is written to, not replaced.
  const replaced = kindOf(place) !== 'other';
  const beside = replaced ? `${place}.${process.pid}.tmp` : place;
  try {
    await promises.writeFile(beside, content);
    if (replaced) await promises.rename(beside, place);
  } catch (error) {
    if (replaced) await promises.rm(beside, { force: true }).catch(() => {});
    throw unwritable(option, name, error);
  }
}

/** The Failure that an error of the operating system is where a file was written. */
export function unwritable(option: string, name: string, error: unknown): Failure {
  return new Failure(`${option} cannot be written: ${systemReason(error, 'writing')}`, {
    code: 'unwritable-file',
    file: name,
  });
}

function kindOf(place: string): 'file' | 'folder' | 'other' | undefined {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (found.isDirectory()) return 'folder';
  return found.isFile() ? 'file' : 'other';
}
