/**
 * VFIO devices: opening one through its group, the reference to the VM that goes with it, and closing it.
 *
 * The first open of a device makes it a user of the group's container (or binds it to the group's iommufd), and since v6.3
 * takes a reference to the VM that the group was told; the last close gives both back. Mediated devices may have a driver
 * that uses the VM itself, which is what the locks here were rearranged for: see the option `kvm` of `mdev`.
 */
import type { Local, Routine, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument } from '../files/user-memory.ts';
import type { Iommufd } from '../iommu/iommufd.ts';
import { type Errno, isErr } from '../kernel/errno.ts';
import {
  type ContainerId,
  type DeviceId,
  type FileId,
  type GroupId,
  type IommufdId,
  idAt,
  knownId,
  NONE,
  type None,
  type VmId,
} from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { createDriverCalls } from './device-driver.ts';
import { createDeviceRefusals } from './device-refusals.ts';
import type { CountedGroups } from './group-counted.ts';
import type { LockedGroups } from './group-locked.ts';
import { DEVICE_FILE, IOMMU_DRIVER, type VfioState } from './state.ts';
import type { KvmHooks } from './vfio.ts';
import type { VmFiles } from './vm-file.ts';

export interface VfioDevices {
  /** VFIO_GROUP_GET_DEVICE_FD. Returns a descriptor or -errno. */
  readonly getDeviceFd: Routine<[filep: FileId]>;
  /** f_op->release of a device file, both ways of opening it. */
  readonly release: Routine<[filep: FileId, device: DeviceId]>;
  /** vfio_df_open(). Returns 0 or -errno. The caller holds the locks. */
  readonly open: Routine<[df: FileId, device: DeviceId]>;
  /** vfio_df_close(). */
  readonly close: Routine<[df: FileId, device: DeviceId]>;
  /** vfio_device_get_kvm_safe(): remembers the VM and takes a reference, when there is a VM. */
  getKvm(machine: Machine, device: DeviceId, vm: VmId | None): void;
  /** vfio_device_put_kvm(). */
  readonly putKvm: Routine<[device: DeviceId]>;
  /** What comes before any ioctl of a device file: a device that is not bound yet answers EINVAL. */
  gate(task: Task, file: FileId): number;
}

export interface DeviceParts {
  readonly state: VfioState;
  readonly iommufd: Iommufd;
  readonly counted: CountedGroups | undefined;
  readonly locked: LockedGroups | undefined;
  readonly vmFiles: VmFiles | undefined;
  readonly hooks: () => KvmHooks;
  /** cdev: what the release of a file that was opened that way does. */
  readonly unbindCdev: () => Routine<[df: FileId, device: DeviceId]>;
}

/** The parameters of vfio_df_open() and vfio_df_close(). */
const OPEN = ['df: file', 'device: device'] as const;

export function createVfioDevices(base: WorldBase, world: () => World, parts: DeviceParts): VfioDevices {
  const { kernel, routines, topology } = base;
  const { state, iommufd, counted, locked, vmFiles, hooks } = parts;
  const { read, add } = state;
  const source = 'drivers/vfio/vfio_main.c';
  const groupSource = 'drivers/vfio/group.c';
  const holdsKvm = (): boolean => kernel.has('device-holds-kvm');
  const groupLock = (device: DeviceId): number => state.groupLock.base + state.groupOfDevice(device);
  const devSetLock = (device: DeviceId): number => state.devSetLock.base + device;
  const refuse = createDeviceRefusals(base);
  const { open: driverOpen, close: driverClose } = createDriverCalls(base, parts, refuse.noVm);

  // --- the VM that a device holds ----------------------------------------------------------------------------------

  function getKvm(m: Machine, device: DeviceId, vm: VmId | None): void {
    const holds = vmFiles?.hold ?? hooks().getSafe;
    if (vm !== NONE && holds(m, vm)) m.put(state.deviceKvm.base + device, vm + 1);
  }

  const putKvm = routines.define('vfio_device_put_kvm', source, ['device: device'], (r, device) => {
    r.local((t) => {
      const vm = idAt<VmId>(t.machine, state.deviceKvm, device.of(t));
      if (vm === NONE) return t.return(0);
      t.machine.put(state.deviceKvm.base + device.of(t), 0);
      if (vmFiles) vmFiles.drop(t, vm);
      else t.call(hooks().put, vm);
    });
    r.local((t) => t.return(0));
  });

  // --- open and close, v5.19 and later -----------------------------------------------------------------------------

  /** vfio_device_group_use_iommu() or vfio_iommufd_bind(): the device may do DMA from here on. */
  function useIommu(t: Task, file: FileId, device: DeviceId): number {
    const { machine: m } = t;
    const group = state.groupOfDevice(device);
    const contextFile = idAt<FileId>(m, state.deviceFileIommufd, file);
    if (contextFile !== NONE) return bindIommufd(m, world().files.objectOf<IommufdId>(m, contextFile), device);
    const container = idAt<ContainerId>(m, state.groupContainer, group);
    if (container === NONE || read(m, state.containerDriver, container) === IOMMU_DRIVER.none)
      return refuse.noDriver(m, group);
    add(m, state.containerUsers, group, 1);
    world().files.get(m, knownId<FileId>(m, state.groupFile, group));
    return 0;
  }

  /** vfio_df_iommufd_bind(): claims the DMA. */
  function bindIommufd(m: Machine, context: IommufdId, device: DeviceId): number {
    if (!state.isEmulated(device)) {
      const unit = topology.devices[device]?.iommu ?? -1;
      if (unit < 0) return refuse.noIommu(m, device);
      // linux: drivers/iommu/iommufd/device.c iommufd_device_bind(): interrupts that are not isolated; v6.2 at attaching.
      if (!world().iommu.remapsInterrupts(unit)) return refuse.noRemapping(m, device);
      const group = state.groupOfDevice(device);
      if (!mayBind(m, context, device)) return refuse.claimed(m, group);
      if (state.directlyMapped(group) && kernel.has('direct-mappings-refused')) return refuse.directMapping(m, group);
    }
    iommufd.bind(m, context, device);
    return 0;
  }

  /** The compatibility IOAS that a device opened through its group is attached to: its id, 0 for none, or -ENODEV. */
  function compatIoas(m: Machine, file: FileId, device: DeviceId): number {
    if (read(m, state.deviceFile, file) !== DEVICE_FILE.group || read(m, state.deviceFileIommufd, file) === 0) return 0;
    return iommufd.compatIoasId(m, iommufd.objects.contextOf(m, device));
  }

  /** iommu_device_claim_dma_owner(): host drivers and other owners refuse; the same iommufd may own more devices. */
  function mayBind(m: Machine, context: IommufdId, device: DeviceId): boolean {
    const group = state.groupOfDevice(device);
    if (read(m, state.groupContainer, group) !== 0 || !state.driversAllowUserspace(m, group)) return false;
    return (topology.groups[group]?.devices ?? []).every((other) => {
      const owner = idAt<IommufdId>(m, iommufd.deviceContext, other);
      return owner === NONE || owner === context;
    });
  }

  function unuseIommu(t: Task, file: FileId, device: DeviceId): void {
    const { machine: m } = t;
    if (read(m, state.deviceFileIommufd, file) !== 0) {
      iommufd.unbind(m, device);
      return;
    }
    const group = state.groupOfDevice(device);
    add(m, state.containerUsers, group, -1);
    world().files.put(t, knownId<FileId>(m, state.groupFile, group));
  }

  const open = routines.define(
    () => (kernel.has('vfio-cdev') ? 'vfio_df_open' : 'vfio_device_open'),
    source,
    OPEN,
    (r, df, opened) => {
      const attached = r.label();
      const undo = (t: Task, errno: number): void => {
        unuseIommu(t, df.of(t), opened.of(t));
        add(t.machine, state.deviceOpenCount, opened.of(t), -1);
        t.return(errno);
      };
      r.local((t) => {
        const { machine: m } = t;
        const file = df.of(t);
        const device = opened.of(t);
        const count = read(m, state.deviceOpenCount, device);
        // linux: vfio_df_open(): only the group's way allows more than one open.
        if (count > 0 && read(m, state.deviceFile, file) === DEVICE_FILE.cdev)
          return t.return(refuse.openTwice(m, device));
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
      r.at(attached).local((t) => t.call(driverOpen, opened.of(t)));
      r.local((t) => {
        if (t.value < 0) undo(t, t.value);
        else t.return(0);
      });
    },
  );

  const close = routines.define(
    () => (kernel.has('vfio-cdev') ? 'vfio_df_close' : 'vfio_device_close'),
    source,
    OPEN,
    (r, df, device) => {
      r.local((t) => {
        if (read(t.machine, state.deviceOpenCount, device.of(t)) === 1) t.call(driverClose, device.of(t));
      });
      r.local((t) => {
        if (add(t.machine, state.deviceOpenCount, device.of(t), -1) === 0) unuseIommu(t, df.of(t), device.of(t));
        t.return(0);
      });
    },
  );

  /** The device of a group that a name means, or -ENODEV. */
  function deviceNamed(m: Machine, group: GroupId, name: string): DeviceId | Errno {
    const device = (topology.groups[group]?.devices ?? []).find((d) => topology.devices[d]?.bdf === name);
    return device !== undefined && state.isVfioDevice(m, device) ? device : refuse.noDevice(m, group);
  }

  function newFile(t: Task, device: DeviceId): FileId {
    const file = world().files.create(t.machine, 'device', device);
    t.machine.put(state.deviceFile.base + file, DEVICE_FILE.group);
    return file;
  }

  function forgetFile(m: Machine, file: FileId): void {
    for (const field of [state.deviceFile, state.accessGranted, state.deviceFileKvm, state.deviceFileIommufd]) {
      m.put(field.base + file, 0);
    }
  }

  const nameFirst = (): boolean => kernel.has('device-name-before-container');
  const getDeviceFd = routines.define(
    locked ? 'vfio_group_ioctl_get_device_fd' : 'vfio_group_get_device_fd',
    groupSource,
    ['filep: file'],
    (r, filep) => {
      if (locked) getThroughLockedGroup(r, filep);
      else getThroughCountedGroup(r, filep);
    },
  );

  function inContainer(m: Machine, group: GroupId): boolean {
    return read(m, state.groupContainer, group) !== 0 || read(m, state.groupIommufd, group) !== 0;
  }

  function getThroughLockedGroup(r: RoutineBuilder, filep: Local<FileId>): void {
    const deviceFilp = r.variable('device_filp: file?', NONE);
    const found = r.variable('device: device');
    const ret = r.variable('ret: result', 0);
    const lockName = locked?.lockName() ?? '';
    const unlock = r.label();
    const failed = r.label();
    r.step('look the device up', (t) => {
      const { machine: m } = t;
      const name = argument(t, 2).text;
      if (name === undefined) return t.return(refuse.noName(m));
      const group = world().files.objectOf<GroupId>(m, filep.of(t));
      const device = deviceNamed(m, group, name);
      if (!inContainer(m, group) && !nameFirst()) return t.return(refuse.noContainer(m, group));
      if (isErr(device)) return t.return(device);
      found.set(t, device);
    });
    const fdno = r.variable('fdno: number');
    r.step('reserve a descriptor', (t) => {
      fdno.set(t, world().files.reserve(t));
      deviceFilp.set(t, newFile(t, found.of(t)));
    });
    r.lock(lockName, (t) => groupLock(found.of(t)));
    r.lock('dev_set->lock', (t) => devSetLock(found.of(t)));
    r.local((t) => {
      const { machine: m } = t;
      const file = deviceFilp.known(t);
      const device = found.of(t);
      const group = state.groupOfDevice(device);
      if (!inContainer(m, group)) {
        ret.set(t, refuse.noContainer(m, group));
        return t.goto(unlock);
      }
      // linux: vfio_df_group_open(): the VM that the group knows now, for as long as the device is open.
      const first = read(m, state.deviceOpenCount, device) === 0;
      if (first && holdsKvm()) getKvm(m, device, idAt<VmId>(m, state.groupKvm, group));
      m.put(state.deviceFileIommufd.base + file, read(m, state.groupIommufd, group));
      t.call(open, file, device);
    });
    r.local((t) => {
      ret.set(t, t.value);
      if (read(t.machine, state.deviceOpenCount, found.of(t)) === 0 && holdsKvm()) t.call(putKvm, found.of(t));
    });
    r.at(unlock).local((t) => {
      const { machine: m } = t;
      const file = deviceFilp.known(t);
      m.put(devSetLock(found.of(t)), 0);
      m.put(groupLock(found.of(t)), 0);
      if (ret.of(t) === 0) return m.put(state.accessGranted.base + file, 1);
      forgetFile(m, file);
      world().files.discard(m, file);
      t.goto(failed);
    });
    r.step('install the descriptor', (t) => {
      world().files.occupy(t, fdno.of(t), deviceFilp.known(t));
      t.return(fdno.of(t));
    });
    r.at(failed).step('give the descriptor back', (t) => {
      world().files.unreserve(t, fdno.of(t));
      t.return(ret.of(t));
    });
  }

  function getThroughCountedGroup(r: RoutineBuilder, filep: Local<FileId>): void {
    const found = r.variable('device: device');
    r.step('become a user of the container', (t) => {
      const { machine: m } = t;
      const group = world().files.objectOf<GroupId>(m, filep.of(t));
      const name = argument(t, 2).text;
      if (name === undefined) return t.return(refuse.noName(m));
      const device = deviceNamed(m, group, name);
      if (isErr(device) && nameFirst()) return t.return(device);
      const errno = counted?.addUser(t, group) ?? 0;
      if (errno !== 0) return t.return(errno);
      if (isErr(device)) {
        add(m, state.containerUsers, group, -1);
        return t.return(device);
      }
      found.set(t, device);
      if (add(m, state.deviceOpenCount, device, 1) === 1) t.call(driverOpen, device);
    });
    r.local((t) => {
      const { machine: m } = t;
      const device = found.of(t);
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
    () => (kernel.has('vfio-cdev') ? 'vfio_df_group_close' : 'vfio_device_group_close'),
    groupSource,
    OPEN,
    (r, df, device) => {
      r.lock(locked?.lockName() ?? '', (t) => groupLock(device.of(t)));
      r.lock('dev_set->lock', (t) => devSetLock(device.of(t)));
      r.local((t) => t.call(close, df.of(t), device.of(t)));
      r.local((t) => {
        if (read(t.machine, state.deviceOpenCount, device.of(t)) === 0 && holdsKvm()) t.call(putKvm, device.of(t));
      });
      r.local((t) => {
        t.machine.put(devSetLock(device.of(t)), 0);
        t.machine.put(groupLock(device.of(t)), 0);
        t.return(0);
      });
    },
  );

  const release = routines.define(
    'vfio_device_fops_release',
    source,
    ['filep: file', 'device: device'],
    (r, filep, closed) => {
      const end = r.label();
      r.local((t) => {
        const { machine: m } = t;
        const file = filep.of(t);
        const device = closed.of(t);
        if (read(m, state.deviceFile, file) === DEVICE_FILE.cdev) return t.call(parts.unbindCdev(), file, device);
        if (locked) return t.call(closeLocked, file, device);
        if (add(m, state.deviceOpenCount, device, -1) === 0) t.call(driverClose, device);
      });
      r.local((t) => {
        if (!counted) return t.goto(end);
        t.call(counted.tryDissolve, state.groupOfDevice(closed.of(t)));
      });
      r.at(end).local((t) => {
        forgetFile(t.machine, filep.of(t));
        t.return(0);
      });
    },
  );

  return {
    getDeviceFd,
    release,
    open,
    close,
    getKvm,
    putKvm,
    gate: (t, file) =>
      read(t.machine, state.accessGranted, file) === 0
        ? refuse.notBound(t.machine, world().files.objectOf<DeviceId>(t.machine, file))
        : 0,
  };
}
