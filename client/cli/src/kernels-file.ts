/** The kernels that a workspace names: the `snoopscope.json` of a folder, or of the nearest folder above it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { KERNELS_FILE, type NamedKernels, readKernelsFile } from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import { systemReason } from './text-file.ts';

/** Undefined when no folder has the file. What is wrong in it is a Failure: a name could mean another kernel. */
export function kernelsNamedIn(folder: string): NamedKernels | undefined {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const file = path.join(at, KERNELS_FILE);
    const text = textIfThere(file);
    if (text !== undefined) {
      const { named, problems } = readKernelsFile(text);
      if (problems.length > 0)
        throw new Failure(problems.map(({ message }) => message).join('\n'), { code: 'broken-kernels-file', file });
      return named;
    }
    if (at === path.dirname(at)) return undefined;
  }
}

function textIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw new Failure(systemReason(error), { code: 'unreadable-file', file });
  }
}
