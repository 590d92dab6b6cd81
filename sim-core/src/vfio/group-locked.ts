/**
 * Groups from v5.19 on: one lock per group, one open file, and ownership of DMA instead of viability.
 *
 * SET_CONTAINER claims the DMA of the whole IOMMU group (with an iommufd, opening a device does). KVM no longer counts as
 * a user of the container: it holds the group's file. Since v6.2 a group may use an iommufd instead of a container.
 */
import type { Local, Routine, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, pointedInt } from '../files/user-memory.ts';
import type { Iommufd } from '../iommu/iommufd.ts';
import { E } from '../kernel/errno.ts';
import {
  type ContainerId,
  type DeviceId,
  type FileId,
  type GroupId,
  type IommufdId,
  idAt,
  NONE,
  type None,
  type VmId,
} from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { Containers } from './container.ts';
import type { Groups } from './group.ts';
import type { VfioState } from './state.ts';
import type { VmFiles } from './vm-file.ts';

const DMA_CC_IOMMU = 4;

export interface LockedGroups extends Groups {
  /** vfio_file_enforced_coherent(). Returns 1 or 0. */
  readonly fileEnforcedCoherent: Routine<[file: FileId]>;
  readonly fileSetKvm: Routine<[file: FileId, kvm: VmId | None]>;
  /** The name and slot of the lock of a group. */
  lockName(): string;
}

/** What groups stand on. */
export interface GroupParts {
  readonly state: VfioState;
  readonly containers: Containers;
  readonly iommufd: Iommufd;
  readonly vmFiles: VmFiles | undefined;
}

export function createLockedGroups(
  base: WorldBase,
  world: () => World,
  { state, containers, iommufd, vmFiles }: GroupParts,
): LockedGroups {
  const { kernel, routines, topology } = base;
  const { read } = state;
  const lockName = (): string => (kernel.has('group-lock-mutex') ? 'group->group_lock' : 'group->group_rwsem');
  const source = 'drivers/vfio/group.c';
  const main = 'drivers/vfio/vfio_main.c';
  const groupOf = (t: Task, filep: Local<FileId>): GroupId => world().files.objectOf(t.machine, filep.of(t));
  const lockOf = (group: GroupId): number => state.groupLock.base + group;
  // linux: drivers/iommu/iommu.c iommu_group_claim_dma_owner(): nobody owns the group, host drivers included.
  const claimable = (m: Machine, group: GroupId): boolean =>
    read(m, state.groupContainer, group) === 0 &&
    state.driversAllowUserspace(m, group) &&
    (topology.groups[group]?.devices ?? []).every((device) => read(m, iommufd.deviceContext, device) === 0);
  const hasIommu = (m: Machine, group: GroupId): boolean =>
    read(m, state.groupContainer, group) !== 0 || read(m, state.groupIommufd, group) !== 0;

  const refuse = base.refusals.add({
    noGroup: [E.NODEV, 'no VFIO device left in {}', 'group'],
    cdevOpen: [E.BUSY, 'a device of {} in use through its own device file', 'group'],
    opened: [E.BUSY, '{} already open', 'group'],
    negative: [E.INVAL, 'a negative descriptor ({})', 'number'],
    hasIommu: [E.INVAL, '{} already in a container or an iommufd', 'group'],
    notContainer: () => [
      kernel.has('set-container-ebadfd') ? E.BADFD : E.INVAL,
      `{}, which is ${kernel.has('iommufd') ? 'neither a VFIO container nor an iommufd' : 'not a VFIO container'}`,
      'file',
    ],
    noIommu: [E.INVAL, '{} in no container and no iommufd', 'group'],
    usersLeft: [E.BUSY, 'open devices of {}', 'group'],
  });

  const open = routines.define('vfio_group_fops_open', source, ['filep: file', 'group: group'], (r, filep, opened) => {
    r.lock(lockName(), (t) => lockOf(opened.of(t)));
    r.local((t) => {
      const { machine: m } = t;
      const group = opened.of(t);
      let errno = 0;
      if (!state.groupExists(m, group)) errno = refuse.noGroup(m, group);
      else if (read(m, state.groupCdevOpen, group) > 0) errno = refuse.cdevOpen(m, group);
      else if (read(m, state.groupFile, group) !== 0) errno = refuse.opened(m, group);
      else m.put(state.groupFile.base + group, filep.of(t) + 1);
      m.put(lockOf(group), 0);
      t.return(errno);
    });
  });

  /** The group leaves its iommufd. */
  function dropIommufd(t: Task, group: GroupId): void {
    const { machine: m } = t;
    const file = idAt<FileId>(m, state.groupIommufd, group);
    if (file === NONE) return;
    m.put(state.groupIommufd.base + group, 0);
    world().files.put(t, file);
  }

  const release = routines.define(
    'vfio_group_fops_release',
    source,
    ['filep: file', 'group: group'],
    (r, _filep, closed) => {
      r.lock(lockName(), (t) => lockOf(closed.of(t)));
      r.local((t) => {
        if (read(t.machine, state.groupContainer, closed.of(t)) !== 0) t.call(containers.detachGroup, closed.of(t));
      });
      r.local((t) => {
        const { machine: m } = t;
        const group = closed.of(t);
        dropIommufd(t, group);
        m.put(state.groupFile.base + group, 0);
        m.put(lockOf(group), 0);
        t.return(0);
      });
    },
  );

  const setContainer = routines.define('vfio_group_ioctl_set_container', source, ['filep: file'], (r, filep) => {
    const finish = (t: Task, result: number): void => {
      t.machine.put(lockOf(groupOf(t, filep)), 0);
      t.return(result);
    };
    const fileFirst = kernel.has('set-container-looks-file-up-first');
    r.lock(lockName(), (t) => lockOf(groupOf(t, filep)));
    r.local((t) => {
      const { machine: m } = t;
      const { files } = world();
      const group = groupOf(t, filep);
      const fd = pointedInt(t, argument(t, 2));
      if (fd === undefined) return finish(t, files.refuse.unreadable(m));
      const file = files.fget(t, fd);
      if (fileFirst && file === NONE) return finish(t, files.refuse.descriptor(t, fd));
      if (fd < 0) return finish(t, refuse.negative(m, fd));
      if (hasIommu(m, group)) return finish(t, refuse.hasIommu(m, group));
      if (file === NONE) return finish(t, files.refuse.descriptor(t, fd));
      if (kernel.has('group-lock-mutex') && !state.groupExists(m, group)) return finish(t, refuse.noGroup(m, group));
      const kind = files.kindOf(m, file);
      if (kind === 'container') return t.call(containers.attachGroup, group, files.objectOf<ContainerId>(m, file));
      if (kind === 'iommufd' && kernel.has('iommufd')) return finish(t, joinIommufd(t, group, file));
      finish(t, refuse.notContainer(m, file));
    });
    r.local((t) => finish(t, t.value));
  });

  /** linux: iommufd_vfio_compat_ioas_create(): the group uses the iommufd as it would a container. */
  function joinIommufd(t: Task, group: GroupId, file: FileId): number {
    const { machine: m } = t;
    const { files } = world();
    const context = files.objectOf<IommufdId>(m, file);
    const errno = state.isNoiommuGroup(group) ? iommufd.setNoIommu(m, context) : iommufd.createCompatIoas(m, context);
    if (errno !== 0) return errno;
    m.put(state.groupIommufd.base + group, file + 1);
    files.get(m, file);
    return 0;
  }

  const unsetContainer = routines.define('vfio_group_ioctl_unset_container', source, ['filep: file'], (r, filep) => {
    const finish = (t: Task, result: number): void => {
      t.machine.put(lockOf(groupOf(t, filep)), 0);
      t.return(result);
    };
    r.lock(lockName(), (t) => lockOf(groupOf(t, filep)));
    r.local((t) => {
      const { machine: m } = t;
      const group = groupOf(t, filep);
      if (!hasIommu(m, group)) return finish(t, refuse.noIommu(m, group));
      if (read(m, state.groupContainer, group) === 0) return;
      if (read(m, state.containerUsers, group) !== 1) return finish(t, refuse.usersLeft(m, group));
      t.call(containers.detachGroup, group);
    });
    r.local((t) => {
      dropIommufd(t, groupOf(t, filep));
      finish(t, 0);
    });
  });

  /** v5.19..v6.1: the container answers; a group without one counts as coherent. */
  function coherentByContainer(r: RoutineBuilder, file: Local<FileId>): void {
    const fileGroup = (t: Task): GroupId => groupOf(t, file);
    r.local((t) => {
      if (world().files.kindOf(t.machine, file.of(t)) !== 'group') t.return(1);
    });
    r.lock(lockName(), (t) => lockOf(fileGroup(t)));
    r.local((t) => {
      const container = idAt<ContainerId>(t.machine, state.groupContainer, fileGroup(t));
      const coherent = container === NONE || containers.extension(t.machine, container, DMA_CC_IOMMU) > 0;
      t.machine.put(lockOf(fileGroup(t)), 0);
      t.return(coherent ? 1 : 0);
    });
  }

  /** v6.2 and later: every device of the file must be able to enforce coherency, whatever it is attached to. */
  const coherentByDevices = (m: Machine, file: FileId): number => {
    const { files, iommu } = world();
    const kind = files.kindOf(m, file);
    const capable = (device: DeviceId): boolean => !state.isVfioDevice(m, device) || iommu.enforceCapability(device);
    if (kind === 'group')
      return (topology.groups[files.objectOf<GroupId>(m, file)]?.devices ?? []).every(capable) ? 1 : 0;
    if (kind !== 'device' || !kernel.has('file-add-device-files')) return 1;
    return iommu.enforceCapability(files.objectOf<DeviceId>(m, file)) ? 1 : 0;
  };

  const fileEnforcedCoherent = routines.define('vfio_file_enforced_coherent', main, ['file: file'], (r, file) => {
    if (!kernel.has('capability-based-coherency')) return coherentByContainer(r, file);
    r.step('ask the devices', (t) => t.return(coherentByDevices(t.machine, file.of(t))));
  });

  function storeVm(t: Task, field: Field, index: number, vm: VmId | None): void {
    if (!vmFiles) {
      t.machine.put(field.base + index, vm + 1);
      return;
    }
    const old = vmFiles.replace(t.machine, field, index, vm);
    if (old !== NONE) vmFiles.drop(t, old);
  }

  // What is for groups and for devices was split when files of devices came.
  const setName = (): string => (kernel.has('file-add-device-files') ? 'vfio_group_set_kvm' : 'vfio_file_set_kvm');
  const groupSetKvm = routines.define(setName, source, ['group: group', 'kvm: vm?'], (r, group, kvm) => {
    const lock = (t: Task): number =>
      (kernel.has('device-holds-kvm') ? state.kvmRefLock.base : state.groupLock.base) + group.of(t);
    r.lock(kernel.has('device-holds-kvm') ? 'group->kvm_ref_lock' : lockName(), lock);
    r.local((t) => {
      storeVm(t, state.groupKvm, group.of(t), kvm.of(t));
      t.machine.put(lock(t), 0);
      t.return(0);
    });
  });

  const fileSetKvm = routines.define('vfio_file_set_kvm', main, ['file: file', 'kvm: vm?'], (r, file, kvm) => {
    r.local((t) => {
      const { files } = world();
      const kind = files.kindOf(t.machine, file.of(t));
      if (kind === 'group') return t.call(groupSetKvm, groupOf(t, file), kvm.of(t));
      if (kind !== 'device' || !kernel.has('file-add-device-files')) t.return(0);
    });
    r.local((t) => {
      if (world().files.kindOf(t.machine, file.of(t)) === 'group') t.return(0);
    });
    r.step('store the VM in the device file', (t) => {
      storeVm(t, state.deviceFileKvm, file.of(t), kvm.of(t));
      t.return(0);
    });
  });

  return {
    open,
    release,
    setContainer,
    unsetContainer,
    fileEnforcedCoherent,
    fileSetKvm,
    lockName,
    claimable,
    viable: (m, group) =>
      hasIommu(m, group) || state.isEmulatedGroup(group) || state.isNoiommuGroup(group) || claimable(m, group),
  };
}
