/** Requests that touch nothing of the model: what they answer is what the line or the op says. */
import type { Routine } from '../engine/routine.ts';
import type { FileId } from '../state/ids.ts';
import type { WorldBase } from '../world.ts';
import { NO_OBJECT } from './paths.ts';
import type { FileTable } from './table.ts';

export interface Inert {
  readonly answer: Routine<[filp: FileId]>;
  /** Makes a file that answers no request. */
  readonly newFile: Routine<[filp: FileId]>;
}

export function createInert({ routines }: WorldBase, table: FileTable): Inert {
  return {
    answer: routines.define('vfs_ioctl', 'fs/ioctl.c', ['filp: file'], (r) =>
      r.step('answer; nothing here changes', (t) => t.return(t.args.answer ?? 0)),
    ),
    newFile: routines.define('anon_inode_getfile', 'fs/anon_inodes.c', ['filp: file'], (r) =>
      r.step('make the file', (t) => t.return(table.install(t, table.create(t.machine, 'stats', NO_OBJECT)))),
    ),
  };
}
