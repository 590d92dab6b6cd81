/**
 * Groups from v5.19 on: one lock per group, one open file, and ownership of DMA instead of viability.
 *
 * SET_CONTAINER claims the DMA of the whole IOMMU group (with an iommufd, opening a device does). KVM no longer counts as
 * a user of the container: it holds the group's file. Since v6.2 a group may use an iommufd instead of a container.
 */
import type { Routine, Task } from '../engine/task.ts';
import { argument, pointedInt } from '../files/user-memory.ts';
import type { Iommufd } from '../iommu/iommufd.ts';
import { E } from '../kernel/errno.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { Containers } from './container.ts';
import type { Groups } from './group.ts';
import type { VfioState } from './state.ts';

const DMA_CC_IOMMU = 4;

export interface LockedGroups extends Groups {
  readonly fileEnforcedCoherent: Routine;
  readonly fileSetKvm: Routine;
  /** The name and slot of the lock of a group. */
  readonly lockName: string;
}

export function createLockedGroups(
  base: WorldBase,
  world: () => World,
  state: VfioState,
  containers: Containers,
  iommufd: Iommufd,
): LockedGroups {
  const { kernel, routines, topology } = base;
  const { read } = state;
  const hasIommufd = kernel.has('iommufd');
  const mutex = kernel.has('group-lock-mutex');
  const lockName = mutex ? 'group->group_lock' : 'group->group_rwsem';
  const source = hasIommufd ? 'drivers/vfio/group.c' : mutex ? 'drivers/vfio/vfio_main.c' : 'drivers/vfio/vfio.c';
  const main = mutex ? 'drivers/vfio/vfio_main.c' : 'drivers/vfio/vfio.c';
  const groupOf = (t: Task): number => world().files.objectOf(t.machine, t.get(0));
  const lockOf = (group: number): number => state.groupLock.base + group;
  // linux: drivers/iommu/iommu.c iommu_group_claim_dma_owner(): nobody owns the group, host drivers included.
  const claimable = (m: Machine, group: number): boolean =>
    read(m, state.groupContainer, group) === 0 &&
    state.driversAllowUserspace(m, group) &&
    (topology.groups[group]?.devices ?? []).every((device) => read(m, iommufd.deviceContext, device) === 0);
  const hasIommu = (m: Machine, group: number): boolean =>
    read(m, state.groupContainer, group) !== 0 || read(m, state.groupIommufd, group) !== 0;

  const open = routines.define('vfio_group_fops_open', source, (r) => {
    r.takes('filep: file', 'group: group');
    r.lock(lockName, (t) => lockOf(t.get(1)));
    r.local((t) => {
      const { machine: m } = t;
      const [file, group] = [t.get(0), t.get(1)];
      let errno = 0;
      if (!state.groupExists(m, group)) errno = E.NODEV;
      else if (read(m, state.groupCdevOpen, group) > 0 || read(m, state.groupFile, group) !== 0) errno = E.BUSY;
      else m.put(state.groupFile.base + group, file + 1);
      m.put(lockOf(group), 0);
      t.return(errno);
    });
  });

  /** The group leaves its iommufd. */
  function dropIommufd(t: Task, group: number): void {
    const { machine: m } = t;
    const file = read(m, state.groupIommufd, group) - 1;
    if (file < 0) return;
    m.put(state.groupIommufd.base + group, 0);
    world().files.put(t, file);
  }

  const release = routines.define('vfio_group_fops_release', source, (r) => {
    r.takes('filep: file', 'group: group');
    r.lock(lockName, (t) => lockOf(t.get(1)));
    r.local((t) => {
      if (read(t.machine, state.groupContainer, t.get(1)) !== 0) t.call(containers.detachGroup, t.get(1));
    });
    r.local((t) => {
      const { machine: m } = t;
      const group = t.get(1);
      dropIommufd(t, group);
      m.put(state.groupFile.base + group, 0);
      m.put(lockOf(group), 0);
      t.return(0);
    });
  });

  const setContainer = routines.define('vfio_group_ioctl_set_container', source, (r) => {
    r.takes('filep: file');
    const finish = (t: Task, result: number): void => {
      t.machine.put(lockOf(groupOf(t)), 0);
      t.return(result);
    };
    const fileFirst = kernel.has('set-container-looks-file-up-first');
    r.lock(lockName, (t) => lockOf(groupOf(t)));
    r.local((t) => {
      const { machine: m } = t;
      const { files } = world();
      const group = groupOf(t);
      const fd = pointedInt(t, argument(t, 2));
      if (fd === undefined) return finish(t, E.FAULT);
      const file = files.fget(t, fd);
      if (fileFirst && file < 0) return finish(t, E.BADF);
      if (fd < 0 || hasIommu(m, group)) return finish(t, E.INVAL);
      if (file < 0) return finish(t, E.BADF);
      if (mutex && !state.groupExists(m, group)) return finish(t, E.NODEV);
      const kind = files.kindOf(m, file);
      if (kind === 'container') return t.call(containers.attachGroup, group, files.objectOf(m, file));
      if (hasIommufd && kind === 'iommufd') return finish(t, joinIommufd(t, group, file));
      finish(t, kernel.has('set-container-ebadfd') ? E.BADFD : E.INVAL);
    });
    r.local((t) => finish(t, t.value));
  });

  /** linux: iommufd_vfio_compat_ioas_create(): the group uses the iommufd as it would a container. */
  function joinIommufd(t: Task, group: number, file: number): number {
    const { machine: m } = t;
    const { files } = world();
    const context = files.objectOf(m, file);
    const errno = state.isNoiommuGroup(group) ? 0 : iommufd.createCompatIoas(m, context);
    if (errno !== 0) return errno;
    m.put(state.groupIommufd.base + group, file + 1);
    files.get(m, file);
    return 0;
  }

  const unsetContainer = routines.define(
    hasIommufd ? 'vfio_group_ioctl_unset_container' : 'vfio_group_unset_container',
    source,
    (r) => {
      r.takes('filep: file');
      const finish = (t: Task, result: number): void => {
        t.machine.put(lockOf(groupOf(t)), 0);
        t.return(result);
      };
      r.lock(lockName, (t) => lockOf(groupOf(t)));
      r.local((t) => {
        const { machine: m } = t;
        const group = groupOf(t);
        if (!hasIommu(m, group)) return finish(t, E.INVAL);
        if (read(m, state.groupContainer, group) === 0) return;
        if (read(m, state.containerUsers, group) !== 1) return finish(t, E.BUSY);
        t.call(containers.detachGroup, group);
      });
      r.local((t) => {
        dropIommufd(t, groupOf(t));
        finish(t, 0);
      });
    },
  );

  /** v5.19..v6.1: the container answers; a group without one counts as coherent. */
  function coherentByContainer(r: Parameters<Parameters<typeof routines.define>[2]>[0]): void {
    const fileGroup = (t: Task): number => world().files.objectOf(t.machine, t.get(0));
    r.local((t) => {
      if (world().files.kindOf(t.machine, t.get(0)) !== 'group') t.return(1);
    });
    r.lock(lockName, (t) => lockOf(fileGroup(t)));
    r.local((t) => {
      const container = read(t.machine, state.groupContainer, fileGroup(t)) - 1;
      const coherent = container < 0 || containers.extension(t.machine, container, DMA_CC_IOMMU) > 0;
      t.machine.put(lockOf(fileGroup(t)), 0);
      t.return(coherent ? 1 : 0);
    });
  }

  /** v6.2 and later: every device behind the file must be able to enforce coherency, whatever it is attached to. */
  const coherentByDevices = (t: Task): number => {
    const { machine: m } = t;
    const { files, iommu } = world();
    const kind = files.kindOf(m, t.get(0));
    const object = files.objectOf(m, t.get(0));
    const capable = (device: number): boolean => !state.isVfioDevice(m, device) || iommu.enforceCapability(device);
    if (kind === 'group') return (topology.groups[object]?.devices ?? []).every(capable) ? 1 : 0;
    return kind === 'device' && kernel.has('file-add-device-files') && !iommu.enforceCapability(object) ? 0 : 1;
  };

  const fileEnforcedCoherent = routines.define('vfio_file_enforced_coherent', main, (r) => {
    r.takes('file: file');
    if (!kernel.has('capability-based-coherency')) return coherentByContainer(r);
    r.step('ask the devices', (t) => t.return(coherentByDevices(t)));
  });

  const groupSetKvm = routines.define('vfio_group_set_kvm', source, (r) => {
    r.takes('group: group', 'kvm: vm?');
    const lock = (t: Task): number =>
      (kernel.has('device-holds-kvm') ? state.kvmRefLock.base : state.groupLock.base) + t.get(0);
    r.lock(kernel.has('device-holds-kvm') ? 'group->kvm_ref_lock' : lockName, lock);
    r.local((t) => {
      t.machine.put(state.groupKvm.base + t.get(0), t.get(1));
      t.machine.put(lock(t), 0);
      t.return(0);
    });
  });

  const fileSetKvm = routines.define('vfio_file_set_kvm', main, (r) => {
    r.takes('file: file', 'kvm: vm?');
    r.local((t) => {
      const { files } = world();
      const [file, vm] = [t.get(0), t.get(1)];
      const kind = files.kindOf(t.machine, file);
      if (kind === 'group') return t.call(groupSetKvm, files.objectOf(t.machine, file), vm);
      if (kind !== 'device' || !kernel.has('file-add-device-files')) t.return(0);
    });
    r.local((t) => {
      if (world().files.kindOf(t.machine, t.get(0)) === 'group') t.return(0);
    });
    r.step('store the VM in the device file', (t) => {
      t.machine.put(state.deviceFileKvm.base + t.get(0), t.get(1));
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
