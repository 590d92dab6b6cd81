/**
 * VFIO devices: opening one through its group, the reference to the VM that goes with it, and closing it.
 *
 * The first open of a device makes it a user of the group's container (or binds it to the group's iommufd), and since v6.3
 * takes a reference to the VM that the group was told; the last close gives both back. Mediated devices may have a driver
 * that uses the VM itself, which is what the locks here were rearranged for: see the option `kvm` of `mdev`.
 */
import type { Routine, RoutineBuilder, Task } from '../engine/task.ts';
import { argument } from '../files/user-memory.ts';
import type { Iommufd } from '../iommu/iommufd.ts';
import { E } from '../kernel/errno.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { CountedGroups } from './group-counted.ts';
import type { LockedGroups } from './group-locked.ts';
import { DEVICE_FILE, IOMMU_DRIVER, type VfioState } from './state.ts';
import type { KvmHooks } from './vfio.ts';

export interface Devices {
  /** VFIO_GROUP_GET_DEVICE_FD. Local 0: the group's file. Returns a descriptor or -errno. */
  readonly getDeviceFd: Routine;
  /** f_op->release of a device file, both ways of opening it. Locals 0, 1: file, device. */
  readonly release: Routine;
  /** vfio_df_open(). Locals 0, 1: file, device. Returns 0 or -errno. The caller holds the locks. */
  readonly open: Routine;
  /** vfio_df_close(). */
  readonly close: Routine;
  /** vfio_device_get_kvm_safe(): remembers the VM and takes a reference, when there is a VM. */
  getKvm(machine: Machine, device: number, vm: number): void;
  /** vfio_device_put_kvm(). Local 0: device. */
  readonly putKvm: Routine;
  /** What stands before any ioctl of a device file: a device that is not bound yet answers EINVAL. */
  gate(task: Task, file: number): number;
}

export interface DeviceParts {
  readonly state: VfioState;
  readonly iommufd: Iommufd;
  readonly counted: CountedGroups | undefined;
  readonly locked: LockedGroups | undefined;
  readonly hooks: () => KvmHooks;
  /** cdev: what the release of a file that was opened that way does. Locals 0, 1: file, device. */
  readonly unbindCdev: () => Routine;
}

export function createDevices(base: WorldBase, world: () => World, parts: DeviceParts): Devices {
  const { kernel, routines, topology } = base;
  const { state, iommufd, counted, locked, hooks } = parts;
  const { read, add } = state;
  const source = kernel.has('group-lock-mutex') ? 'drivers/vfio/vfio_main.c' : 'drivers/vfio/vfio.c';
  const groupSource = kernel.has('iommufd') ? 'drivers/vfio/group.c' : source;
  const holdsKvm = kernel.has('device-holds-kvm');
  const groupLock = (device: number): number => state.groupLock.base + state.groupOfDevice(device);
  const devSetLock = (device: number): number => state.devSetLock.base + device;
  /** How the driver of a mediated device uses the VM: `none`, `reference` or `lock`. */
  const kvmUse = (device: number): string =>
    state.isEmulated(device) ? (topology.devices[device]?.options.get('kvm') ?? 'none') : 'none';

  /** The VM that a driver finds when it is opened: `device->kvm`, or the group's. */
  const kvmOf = (m: Machine, device: number): number =>
    (holdsKvm ? read(m, state.deviceKvm, device) : read(m, state.groupKvm, state.groupOfDevice(device))) - 1;

  // --- the driver ------------------------------------------------------------------------------------------------

  const driverOpen = routines.define('vfio_device_ops.open_device', source, (r) => {
    r.takes('vdev: device');
    const plain = r.label();
    r.local((t) => {
      const device = t.get(0);
      const vm = kvmOf(t.machine, device);
      if (kvmUse(device) === 'none') return t.return(0);
      if (kvmUse(device) === 'lock') return vm < 0 ? t.return(0) : t.goto(plain);
      // linux: drivers/gpu/drm/i915/gvt/kvmgt.c intel_vgpu_open_device(): no VM is ESRCH.
      if (vm < 0 || !hooks().getSafe(t.machine, vm)) return t.return(E.SRCH);
      t.machine.put(state.driverKvm.base + device, vm + 1);
      t.return(0);
    });
    // linux: drivers/s390/crypto/vfio_ap_ops.c vfio_ap_mdev_open_device(): what it does for a VM is under kvm->lock.
    r.at(plain).lock('kvm->lock', (t) => hooks().lockSlot(kvmOf(t.machine, t.get(0))));
    r.step('drop kvm->lock', (t) => {
      t.machine.put(hooks().lockSlot(kvmOf(t.machine, t.get(0))), 0);
      t.return(0);
    });
  });

  const driverClose = routines.define('vfio_device_ops.close_device', source, (r) => {
    r.takes('vdev: device');
    r.local((t) => {
      const slot = state.driverKvm.base + t.get(0);
      const vm = (t.machine.state[slot] as number) - 1;
      if (vm < 0) return t.return(0);
      t.machine.put(slot, 0);
      t.call(hooks().put, vm);
    });
    r.local((t) => t.return(0));
  });

  // --- the VM that a device holds ----------------------------------------------------------------------------------

  function getKvm(m: Machine, device: number, vm: number): void {
    if (vm >= 0 && hooks().getSafe(m, vm)) m.put(state.deviceKvm.base + device, vm + 1);
  }

  const putKvm = routines.define('vfio_device_put_kvm', source, (r) => {
    r.takes('device: device');
    r.local((t) => {
      const vm = read(t.machine, state.deviceKvm, t.get(0)) - 1;
      if (vm < 0) return t.return(0);
      t.machine.put(state.deviceKvm.base + t.get(0), 0);
      t.call(hooks().put, vm);
    });
    r.local((t) => t.return(0));
  });

  // --- open and close, v5.19 and later -----------------------------------------------------------------------------

  /** vfio_device_group_use_iommu() or vfio_iommufd_bind(): the device may do DMA from here on. */
  function useIommu(t: Task, file: number, device: number): number {
    const { machine: m } = t;
    const group = state.groupOfDevice(device);
    const contextFile = read(m, state.deviceFileIommufd, file) - 1;
    if (contextFile >= 0) return bindIommufd(m, world().files.objectOf(m, contextFile), device);
    const container = read(m, state.groupContainer, group) - 1;
    if (container < 0 || read(m, state.containerDriver, container) === IOMMU_DRIVER.none) return E.INVAL;
    add(m, state.containerUsers, group, 1);
    world().files.get(m, read(m, state.groupFile, group) - 1);
    return 0;
  }

  /** vfio_df_iommufd_bind(): claims the DMA. */
  function bindIommufd(m: Machine, context: number, device: number): number {
    if (!state.isEmulated(device)) {
      if (topology.devices[device]?.iommu === -1) return E.NODEV;
      if (!mayBind(m, context, device)) return E.PERM;
    }
    iommufd.bind(m, context, device);
    return 0;
  }

  /** The compatibility IOAS that a device opened through its group is attached to: its id, 0 for none, or -ENODEV. */
  function compatIoas(m: Machine, file: number, device: number): number {
    if (read(m, state.deviceFile, file) !== DEVICE_FILE.group || read(m, state.deviceFileIommufd, file) === 0) return 0;
    return iommufd.compatIoasId(m, iommufd.objects.contextOf(m, device));
  }

  /** iommu_device_claim_dma_owner(): host drivers and other owners refuse; the same iommufd may own more devices. */
  function mayBind(m: Machine, context: number, device: number): boolean {
    const group = state.groupOfDevice(device);
    if (read(m, state.groupContainer, group) !== 0 || !state.driversAllowUserspace(m, group)) return false;
    return (topology.groups[group]?.devices ?? []).every((other) => {
      const owner = read(m, iommufd.deviceContext, other);
      return owner === 0 || owner === context + 1;
    });
  }

  function unuseIommu(t: Task, file: number, device: number): void {
    const { machine: m } = t;
    if (read(m, state.deviceFileIommufd, file) !== 0) {
      iommufd.unbind(m, device);
      return;
    }
    const group = state.groupOfDevice(device);
    add(m, state.containerUsers, group, -1);
    world().files.put(t, read(m, state.groupFile, group) - 1);
  }

  const open = routines.define(kernel.has('vfio-cdev') ? 'vfio_df_open' : 'vfio_device_open', source, (r) => {
    r.takes('df: file', 'device: device');
    const attached = r.label();
    const undo = (t: Task, errno: number): void => {
      unuseIommu(t, t.get(0), t.get(1));
      add(t.machine, state.deviceOpenCount, t.get(1), -1);
      t.return(errno);
    };
    r.local((t) => {
      const { machine: m } = t;
      const [file, device] = [t.get(0), t.get(1)];
      const count = read(m, state.deviceOpenCount, device);
      // linux: vfio_df_open(): only the group's way allows more than one open.
      if (count > 0 && read(m, state.deviceFile, file) === DEVICE_FILE.cdev) return t.return(E.INVAL);
      if (count === 0) {
        const errno = useIommu(t, file, device);
        if (errno !== 0) return t.return(errno);
      }
      add(m, state.deviceOpenCount, device, 1);
      if (count > 0) return t.return(0);
      const ioas = compatIoas(m, file, device);
      if (ioas === 0) t.goto(attached);
      else if (ioas > 0) t.call(iommufd.hwpts.attach, device, ioas);
      else undo(t, ioas);
    });
    r.local((t) => {
      if (t.value < 0) undo(t, t.value);
    });
    r.at(attached).local((t) => t.call(driverOpen, t.get(1)));
    r.local((t) => {
      if (t.value < 0) undo(t, t.value);
      else t.return(0);
    });
  });

  const close = routines.define(kernel.has('vfio-cdev') ? 'vfio_df_close' : 'vfio_device_close', source, (r) => {
    r.takes('df: file', 'device: device');
    r.local((t) => {
      if (read(t.machine, state.deviceOpenCount, t.get(1)) === 1) t.call(driverClose, t.get(1));
    });
    r.local((t) => {
      if (add(t.machine, state.deviceOpenCount, t.get(1), -1) === 0) unuseIommu(t, t.get(0), t.get(1));
      t.return(0);
    });
  });

  /** The device of a group that a name means, or -ENODEV. */
  function deviceNamed(m: Machine, group: number, name: string): number {
    const device = (topology.groups[group]?.devices ?? []).find((d) => topology.devices[d]?.bdf === name);
    return device !== undefined && state.isVfioDevice(m, device) ? device : E.NODEV;
  }

  function newFile(t: Task, device: number): number {
    const file = world().files.create(t.machine, 'device', device);
    t.machine.put(state.deviceFile.base + file, DEVICE_FILE.group);
    return file;
  }

  function forgetFile(m: Machine, file: number): void {
    for (const field of [state.deviceFile, state.accessGranted, state.deviceFileKvm, state.deviceFileIommufd]) {
      m.put(field.base + file, 0);
    }
  }

  const nameFirst = kernel.has('device-name-before-container');
  const getDeviceFd = routines.define(
    locked ? 'vfio_group_ioctl_get_device_fd' : 'vfio_group_get_device_fd',
    groupSource,
    (r) => {
      if (locked) getThroughLockedGroup(r);
      else getThroughCountedGroup(r);
    },
  );

  function inContainer(m: Machine, group: number): boolean {
    return read(m, state.groupContainer, group) !== 0 || read(m, state.groupIommufd, group) !== 0;
  }

  function getThroughLockedGroup(r: RoutineBuilder): void {
    r.takes('filep: file', 'device_filp: file?').keeps(3, 'ret: errno');
    const lockName = locked?.lockName ?? '';
    const unlock = r.label();
    r.step('look the device up', (t) => {
      const { machine: m } = t;
      const name = argument(t, 2).text;
      if (name === undefined) return t.return(E.FAULT);
      const group = world().files.objectOf(m, t.get(0));
      const device = deviceNamed(m, group, name);
      if (!nameFirst && !inContainer(m, group)) return t.return(E.INVAL);
      if (device < 0) return t.return(device);
      t.set(2, device);
      t.set(1, newFile(t, device) + 1);
    }).keeps(2, 'device: device');
    r.lock(lockName, (t) => groupLock(t.get(2)));
    r.lock('dev_set->lock', (t) => devSetLock(t.get(2)));
    r.local((t) => {
      const { machine: m } = t;
      const [file, device] = [t.get(1) - 1, t.get(2)];
      const group = state.groupOfDevice(device);
      if (!inContainer(m, group)) {
        t.set(3, -E.INVAL);
        return t.goto(unlock);
      }
      // linux: vfio_df_group_open(): the VM that the group knows now, for as long as the device is open.
      if (holdsKvm && read(m, state.deviceOpenCount, device) === 0)
        getKvm(m, device, read(m, state.groupKvm, group) - 1);
      m.put(state.deviceFileIommufd.base + file, read(m, state.groupIommufd, group));
      t.call(open, file, device);
    });
    r.local((t) => {
      t.set(3, -t.value);
      if (holdsKvm && read(t.machine, state.deviceOpenCount, t.get(2)) === 0) t.call(putKvm, t.get(2));
    });
    r.at(unlock).local((t) => {
      const { machine: m } = t;
      const [file, device, errno] = [t.get(1) - 1, t.get(2), -t.get(3)];
      m.put(devSetLock(device), 0);
      m.put(groupLock(device), 0);
      if (errno === 0) {
        m.put(state.accessGranted.base + file, 1);
        return t.return(world().files.install(t, file));
      }
      forgetFile(m, file);
      world().files.discard(m, file);
      t.return(errno);
    });
  }

  function getThroughCountedGroup(r: RoutineBuilder): void {
    r.takes('filep: file');
    r.step('become a user of the container', (t) => {
      const { machine: m } = t;
      const group = world().files.objectOf(m, t.get(0));
      const name = argument(t, 2).text;
      if (name === undefined) return t.return(E.FAULT);
      const device = deviceNamed(m, group, name);
      if (nameFirst && device < 0) return t.return(device);
      const errno = counted?.addUser(t, group) ?? 0;
      if (errno !== 0) return t.return(errno);
      if (device < 0) {
        add(m, state.containerUsers, group, -1);
        return t.return(device);
      }
      t.set(1, device);
      if (add(m, state.deviceOpenCount, device, 1) === 1) t.call(driverOpen, device);
    }).keeps(1, 'device: device');
    r.local((t) => {
      const { machine: m } = t;
      const device = t.get(1);
      const errno = t.value;
      if (errno < 0) {
        add(m, state.deviceOpenCount, device, -1);
        add(m, state.containerUsers, state.groupOfDevice(device), -1);
        return t.return(errno);
      }
      const file = newFile(t, device);
      m.put(state.accessGranted.base + file, 1);
      t.return(world().files.install(t, file));
    });
  }

  const closeLocked = routines.define(
    kernel.has('vfio-cdev') ? 'vfio_df_group_close' : 'vfio_device_group_close',
    groupSource,
    (r) => {
      r.takes('df: file', 'device: device');
      r.lock(locked?.lockName ?? '', (t) => groupLock(t.get(1)));
      r.lock('dev_set->lock', (t) => devSetLock(t.get(1)));
      r.local((t) => t.call(close, t.get(0), t.get(1)));
      r.local((t) => {
        if (holdsKvm && read(t.machine, state.deviceOpenCount, t.get(1)) === 0) t.call(putKvm, t.get(1));
      });
      r.local((t) => {
        t.machine.put(devSetLock(t.get(1)), 0);
        t.machine.put(groupLock(t.get(1)), 0);
        t.return(0);
      });
    },
  );

  const release = routines.define('vfio_device_fops_release', source, (r) => {
    r.takes('filep: file', 'device: device');
    const end = r.label();
    r.local((t) => {
      const { machine: m } = t;
      const [file, device] = [t.get(0), t.get(1)];
      if (read(m, state.deviceFile, file) === DEVICE_FILE.cdev) return t.call(parts.unbindCdev(), file, device);
      if (locked) return t.call(closeLocked, file, device);
      if (add(m, state.deviceOpenCount, device, -1) === 0) t.call(driverClose, device);
    });
    r.local((t) => {
      if (!counted) return t.goto(end);
      t.call(counted.tryDissolve, state.groupOfDevice(t.get(1)));
    });
    r.at(end).local((t) => {
      forgetFile(t.machine, t.get(0));
      t.return(0);
    });
  });

  return {
    getDeviceFd,
    release,
    open,
    close,
    getKvm,
    putKvm,
    gate: (t, file) => (read(t.machine, state.accessGranted, file) === 0 ? E.INVAL : 0),
  };
}
