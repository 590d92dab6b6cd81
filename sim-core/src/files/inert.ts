/** Requests that touch nothing of the model: what they answer is what the line or the op says. */

import { ANY_ERRNO } from '../engine/refusal.ts';
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import type { FileId } from '../state/ids.ts';
import type { WorldBase } from '../world.ts';
import { NO_OBJECT } from './paths.ts';
import type { FileTable } from './table.ts';

export interface Inert {
  readonly answer: Routine<[filp: FileId]>;
  /** What the line declares, or else the op says, about a call whose result the model does not derive. */
  declared(task: Task): number;
  /** Makes a file that answers no request. */
  readonly newFile: Routine<[filp: FileId]>;
}

export function createInert({ routines, refusals }: WorldBase, table: FileTable): Inert {
  const refuse = refusals.add({
    underived: [ANY_ERRNO, 'nothing that the model derives: the result is the declared or the usual one'],
  });
  const declared = (t: Task): number => {
    const answer = t.args.answer ?? 0;
    if (answer < 0) refuse.underived(t.machine);
    return answer;
  };
  return {
    declared,
    answer: routines.define('vfs_ioctl', 'fs/ioctl.c', ['filp: file'], (r) =>
      r.step('answer; nothing here changes', (t) => t.return(declared(t))),
    ),
    newFile: routines.define('anon_inode_getfile', 'fs/anon_inodes.c', ['filp: file'], (r) =>
      r.step('make the file', (t) => t.return(table.install(t, table.create(t.machine, 'stats', NO_OBJECT)))),
    ),
  };
}
