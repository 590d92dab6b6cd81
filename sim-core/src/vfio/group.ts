/** What a group is to the rest of VFIO, whichever era's rules it follows; and the calls that both eras share. */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, readable, writeField } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import type { FileId, GroupId } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { VfioState } from './state.ts';

export interface Groups {
  /** open(2) of /dev/vfio/N. */
  readonly open: Routine<[filep: FileId, group: GroupId]>;
  readonly release: Routine<[filep: FileId, group: GroupId]>;
  readonly setContainer: Routine<[filep: FileId]>;
  readonly unsetContainer: Routine<[filep: FileId]>;
  /** VFIO_GROUP_FLAGS_VIABLE. */
  viable(machine: Machine, group: GroupId): boolean;
  /** The group's DMA can be claimed (v5.19 and later). */
  claimable(machine: Machine, group: GroupId): boolean;
}

const FLAG_VIABLE = 1;
const FLAG_CONTAINER_SET = 2;
const STATUS_BYTES = 8;

/** VFIO_GROUP_GET_STATUS. */
export function createGetStatus(
  base: WorldBase,
  world: () => World,
  state: VfioState,
  groups: Groups,
): Routine<[filp: FileId]> {
  const { kernel, routines } = base;
  const { read } = state;
  const refuse = base.refusals.add({
    argsz: [E.INVAL, 'argsz {}, which is too small', 'number'],
    noGroup: [E.NODEV, 'no VFIO device left in {}', 'group'],
  });
  const locked = kernel.has('file-identity');
  const name = locked ? 'vfio_group_ioctl_get_status' : 'vfio_group_fops_unl_ioctl';
  const answer = (t: Task, group: GroupId): number => {
    const { machine: m } = t;
    const arg = argument(t, 2);
    if (!readable(arg)) return world().files.refuse.unreadable(m);
    const argsz = field32(t, arg, 'argsz');
    if (argsz < STATUS_BYTES) return refuse.argsz(m, argsz);
    if (kernel.has('group-lock-mutex') && !state.groupExists(m, group)) return refuse.noGroup(m, group);
    const attached = read(m, state.groupContainer, group) !== 0 || read(m, state.groupIommufd, group) !== 0;
    const viable = groups.viable(m, group) ? FLAG_VIABLE : 0;
    writeField(t, arg, 'flags', viable | (attached ? FLAG_CONTAINER_SET : 0));
    return 0;
  };
  return routines.define(name, locked ? 'drivers/vfio/group.c' : 'drivers/vfio/vfio.c', ['filp: file'], (r, filp) => {
    const groupOf = (t: Task): GroupId => world().files.objectOf(t.machine, filp.of(t));
    if (!locked) {
      r.step('look at the group', (t) => t.return(answer(t, groupOf(t))));
      return;
    }
    const lockOf = (t: Task): number => state.groupLock.base + groupOf(t);
    r.lock(kernel.has('group-lock-mutex') ? 'group->group_lock' : 'group->group_rwsem', lockOf);
    r.local((t) => {
      const result = answer(t, groupOf(t));
      t.machine.put(lockOf(t), 0);
      t.return(result);
    });
  });
}
