/**
 * Groups up to v5.18: everything that uses a group's container counts in `container_users`, without a lock.
 *
 * The container itself is one user, each open device is one, and so is each external user (kvm-vfio). The last one to go
 * takes the group out of its container, whichever it is. Viability is looked at whenever it matters.
 */
import type { Local, Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, pointedInt } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import {
  type ContainerId,
  type FileId,
  type GroupId,
  idAt,
  knownId,
  NONE,
  type None,
  type VmId,
} from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';
import type { Containers } from './container.ts';
import type { Groups } from './group.ts';
import { IOMMU_DRIVER, type VfioState } from './state.ts';

/** What only these kernels have. */
export interface CountedGroups extends Groups {
  /** vfio_group_get_external_user(). Returns the group of the file (with a container user more) or -errno. */
  readonly getExternalUser: Routine<[filep: FileId]>;
  readonly putExternalUser: Routine<[group: GroupId]>;
  readonly externalCheckExtension: Routine<[group: GroupId, arg: number]>;
  readonly setKvm: Routine<[group: GroupId, kvm: VmId | None]>;
  /** vfio_group_try_dissolve_container(). */
  readonly tryDissolve: Routine<[group: GroupId]>;
  /** vfio_group_add_container_user(): 0, and a user more, or -errno. */
  addUser(task: Task, group: GroupId): number;
}

const DMA_CC_IOMMU = 4;
const SOURCE = 'drivers/vfio/vfio.c';

export function createCountedGroups(
  base: WorldBase,
  world: () => World,
  state: VfioState,
  containers: Containers,
): CountedGroups {
  const { kernel, routines } = base;
  const { read, add } = state;
  const groupOf = (t: Task, filep: Local<FileId>): GroupId => world().files.objectOf(t.machine, filep.of(t));
  const users = state.containerUsers;

  const refuse = base.refusals.add({
    noContainer: [E.INVAL, 'no container of {}', 'group'],
    noDriver: [E.INVAL, 'no IOMMU driver in the container of {}', 'group'],
    notViable: [E.INVAL, '{} not viable: a device in it is bound to a driver of the host', 'group'],
    noGroup: [E.NODEV, 'no VFIO device left in {}', 'group'],
    opened: [E.BUSY, '{} already open', 'group'],
    inUse: [E.BUSY, '{} still in the container of an earlier open', 'group'],
    negative: [E.INVAL, 'a negative descriptor ({})', 'number'],
    inContainer: [E.INVAL, '{} already in a container', 'group'],
    notContainer: [E.INVAL, '{}, which is not a VFIO container', 'file'],
    notGroup: [E.INVAL, '{}, which is not a VFIO group', 'file'],
    usersLeft: [E.BUSY, 'open devices or external users of {}', 'group'],
    noiommu: [E.PERM, '{}, whose devices have no IOMMU', 'group'],
  });

  function addUser(t: Task, group: GroupId): number {
    const { machine: m } = t;
    if (read(m, users, group) === 0) return refuse.noContainer(m, group);
    const container = idAt<ContainerId>(m, state.groupContainer, group);
    const driver = container === NONE ? IOMMU_DRIVER.none : read(m, state.containerDriver, container);
    if (driver === IOMMU_DRIVER.none) return refuse.noDriver(m, group);
    if (!state.driversAllowUserspace(m, group)) return refuse.notViable(m, group);
    add(m, users, group, 1);
    return 0;
  }

  const tryDissolve = routines.define('vfio_group_try_dissolve_container', SOURCE, ['group: group'], (r, group) => {
    r.step('drop a container user', (t) => {
      const left = read(t.machine, users, group.of(t));
      if (left > 0 && add(t.machine, users, group.of(t), -1) === 0) t.call(containers.detachGroup, group.of(t));
    });
    r.local((t) => t.return(0));
  });

  const open = routines.define('vfio_group_fops_open', SOURCE, ['filep: file', 'group: group'], (r, filep, opened) =>
    r.step('open the group once', (t) => {
      const { machine: m } = t;
      const group = opened.of(t);
      if (!state.groupExists(m, group)) return t.return(refuse.noGroup(m, group));
      // A container that is still set means that something is still in use from the open before.
      if (read(m, state.groupFile, group) !== 0) return t.return(refuse.opened(m, group));
      if (read(m, state.groupContainer, group) !== 0) return t.return(refuse.inUse(m, group));
      m.put(state.groupFile.base + group, filep.of(t) + 1);
      t.return(0);
    }),
  );

  const release = routines.define(
    'vfio_group_fops_release',
    SOURCE,
    ['filep: file', 'group: group'],
    (r, _filep, group) => {
      r.local((t) => t.call(tryDissolve, group.of(t)));
      r.step('the group may be opened again', (t) => {
        t.machine.put(state.groupFile.base + group.of(t), 0);
        t.return(0);
      });
    },
  );

  const setContainer = routines.define('vfio_group_fops_unl_ioctl', SOURCE, ['filep: file'], (r, filep) => {
    r.step('look the container up', (t) => {
      const { machine: m } = t;
      const { files } = world();
      const fd = pointedInt(t, argument(t, 2));
      if (fd === undefined) return t.return(files.refuse.unreadable(m));
      if (fd < 0) return t.return(refuse.negative(m, fd));
      if (read(m, users, groupOf(t, filep)) > 0) return t.return(refuse.inContainer(m, groupOf(t, filep)));
      const file = files.fget(t, fd);
      if (file === NONE) return t.return(files.refuse.descriptor(t, fd));
      if (files.kindOf(m, file) !== 'container') return t.return(refuse.notContainer(m, file));
      t.call(containers.attachGroup, groupOf(t, filep), files.objectOf<ContainerId>(m, file));
    });
    r.local((t) => t.return(t.value));
  });

  const unsetContainer = routines.define('vfio_group_unset_container', SOURCE, ['filep: file'], (r, filep) => {
    r.step('take the only container user', (t) => {
      const { machine: m } = t;
      const count = read(m, users, groupOf(t, filep));
      if (count === 0) return t.return(refuse.noContainer(m, groupOf(t, filep)));
      if (count !== 1) return t.return(refuse.usersLeft(m, groupOf(t, filep)));
      m.put(users.base + groupOf(t, filep), 0);
      t.call(containers.detachGroup, groupOf(t, filep));
    });
    r.local((t) => t.return(0));
  });

  const getExternalUser = routines.define('vfio_group_get_external_user', SOURCE, ['filep: file'], (r, filep) =>
    r.step('become a user of the container', (t) => {
      const { machine: m } = t;
      const { files } = world();
      const file = filep.of(t);
      if (files.kindOf(m, file) !== 'group') return t.return(refuse.notGroup(m, file));
      const group = files.objectOf<GroupId>(m, file);
      if (kernel.has('noiommu') && read(m, users, group) > 0 && state.isNoiommuGroup(group))
        return t.return(refuse.noiommu(m, group));
      const errno = addUser(t, group);
      t.return(errno === 0 ? group : errno);
    }),
  );

  const putExternalUser = routines.define('vfio_group_put_external_user', SOURCE, ['group: group'], (r, group) => {
    r.local((t) => t.call(tryDissolve, group.of(t)));
    r.local((t) => t.return(0));
  });

  const externalCheckExtension = routines.define(
    'vfio_external_check_extension',
    SOURCE,
    ['group: group', 'arg: number'],
    (r, group) => {
      const containerOf = (t: Task): ContainerId => knownId<ContainerId>(t.machine, state.groupContainer, group.of(t));
      r.lock('container->group_lock', (t) => state.containerLock.base + containerOf(t));
      r.local((t) => {
        t.machine.put(state.containerLock.base + containerOf(t), 0);
        t.return(containers.extension(t.machine, containerOf(t), DMA_CC_IOMMU));
      });
    },
  );

  const setKvm = routines.define('vfio_group_set_kvm', SOURCE, ['group: group', 'kvm: vm?'], (r, group, kvm) =>
    r.step('store the VM and notify the drivers', (t) => {
      t.machine.put(state.groupKvm.base + group.of(t), kvm.of(t) + 1);
      t.return(0);
    }),
  );

  return {
    open,
    release,
    setContainer,
    unsetContainer,
    getExternalUser,
    putExternalUser,
    externalCheckExtension,
    setKvm,
    tryDissolve,
    addUser,
    viable: (m, group) => state.driversAllowUserspace(m, group),
    claimable: () => true,
  };
}
