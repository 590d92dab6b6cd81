/**
 * The cdev way to a device (v6.6 and later): open /dev/vfio/devices/vfioN, bind it to an iommufd, attach it to an IOAS.
 *
 * A file is of no use before it is bound; only one file of a device can be. Binding keeps the group from being opened,
 * and the other way round. A VM that kvm-vfio told the file is referenced from BIND to the last close.
 *
 * A second BIND of an open device fails, but only after it has overwritten `device->kvm` and on its way out puts that VM:
 * so the reference of the first is lost, or dropped early. The recordings show it; it is a model finding elsewhere.
 */
import type { Local, Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, readable, writeField } from '../files/user-memory.ts';
import { IOMMUFD_OBJECT, type Iommufd } from '../iommu/iommufd.ts';
import { E, type Errno, isErr } from '../kernel/errno.ts';
import {
  type DeviceId,
  type FileId,
  type GroupId,
  type IommufdId,
  idAt,
  knownId,
  NONE,
  type VmId,
} from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';
import type { VfioDevices } from './device.ts';
import { DEVICE_FILE, type VfioState } from './state.ts';

export interface Cdev {
  /** open(2) of /dev/vfio/devices/vfioN. */
  readonly open: Routine<[filep: FileId, device: DeviceId]>;
  /** VFIO_DEVICE_BIND_IOMMUFD. */
  readonly bind: Routine<[df: FileId]>;
  readonly attach: Routine<[df: FileId]>;
  readonly detach: Routine<[df: FileId]>;
  /** vfio_df_unbind_iommufd(), when the file is released. */
  readonly unbind: Routine<[df: FileId, device: DeviceId]>;
}

const BIND_FLAG_TOKEN = 1;
const BIND_BYTES = 16;
const ATTACH_BYTES = 12;
const DETACH_BYTES = 8;
const SOURCE = 'drivers/vfio/device_cdev.c';

export function createCdev(
  base: WorldBase,
  world: () => World,
  state: VfioState,
  iommufd: Iommufd,
  devices: VfioDevices,
): Cdev {
  const { kernel, routines } = base;
  const { read, add } = state;
  const exists = (): boolean => kernel.has('vfio-cdev');
  /** What the routines find through their device file. */
  const through = (df: Local<FileId>) => {
    const deviceOf = (t: Task): DeviceId => world().files.objectOf(t.machine, df.of(t));
    const groupOf = (t: Task): GroupId => state.groupOfDevice(deviceOf(t));
    const groupLock = (t: Task): number => state.groupLock.base + groupOf(t);
    const devSetLock = (t: Task): number => state.devSetLock.base + deviceOf(t);
    return { deviceOf, groupOf, groupLock, devSetLock };
  };

  const open = routines.define('vfio_device_fops_cdev_open', SOURCE, ['filep: file', 'device: device'], (r, filep) =>
    r.step('open the device, not yet bound', (t) => {
      t.machine.put(state.deviceFile.base + filep.of(t), DEVICE_FILE.cdev);
      t.return(0);
    }),
  );

  const refuse = base.refusals.add({
    notThere: [E.NOTTY, 'no such request for a VFIO device: this kernel has no device files for VFIO'],
    argsz: [E.INVAL, 'argsz {}, which is too small', 'number'],
    flags: [E.INVAL, 'flags that it does not know ({x})', 'number'],
    negative: [E.INVAL, 'a negative descriptor ({})', 'number'],
    throughGroup: [E.INVAL, '{}, a device file that was opened through its group', 'file'],
    bound: [E.INVAL, '{} already bound to an iommufd', 'device'],
    token: [E.FAULT, 'no readable token'],
    notIommufd: [E.BADFD, '{}, which is not an iommufd', 'file'],
    groupOpen: [E.BUSY, '{} open: its devices cannot be used through their own files at the same time', 'group'],
    notBound: [E.INVAL, '{} not bound to an iommufd yet', 'device'],
    groupRequest: [E.NOTTY, '{}, a device file that was opened through its group', 'file'],
  });

  /** What is wrong with the argument of BIND, or 0. */
  function checkBind(t: Task, file: FileId): number {
    const { machine: m } = t;
    const arg = argument(t, 2);
    if (!readable(arg)) return world().files.refuse.unreadable(m);
    const argsz = field32(t, arg, 'argsz');
    if (argsz < BIND_BYTES) return refuse.argsz(m, argsz);
    const unknown = field32(t, arg, 'flags') & ~(kernel.has('bind-token') ? BIND_FLAG_TOKEN : 0);
    if (unknown !== 0) return refuse.flags(m, unknown);
    const fd = field32(t, arg, 'iommufd') | 0;
    if (fd < 0) return refuse.negative(m, fd);
    return read(m, state.deviceFile, file) === DEVICE_FILE.group ? refuse.throughGroup(m, file) : 0;
  }

  /** Checks under dev_set->lock; the iommufd's file, or -errno. */
  function resolveIommufd(t: Task, deviceFile: FileId): FileId | Errno {
    const { files } = world();
    const { machine: m } = t;
    const arg = argument(t, 2);
    if (read(m, state.accessGranted, deviceFile) !== 0) return refuse.bound(m, files.objectOf<DeviceId>(m, deviceFile));
    // A token is passed by pointer, and the argument has none to follow.
    if ((field32(t, arg, 'flags') & BIND_FLAG_TOKEN) !== 0) return refuse.token(m);
    const fd = field32(t, arg, 'iommufd') | 0;
    const file = files.fget(t, fd);
    if (file === NONE) return files.refuse.descriptor(t, fd);
    return files.kindOf(m, file) === 'iommufd' ? file : refuse.notIommufd(m, file);
  }

  const bind = routines.define('vfio_df_ioctl_bind_iommufd', SOURCE, ['df: file'], (r, df) => {
    const ret = r.variable('ret: result', 0);
    const { deviceOf, groupOf, groupLock, devSetLock } = through(df);
    const out = r.label();
    r.local((t) => {
      const errno = exists() ? checkBind(t, df.of(t)) : refuse.notThere(t.machine);
      if (errno !== 0) t.return(errno);
    });
    r.lock('group->group_lock', groupLock);
    r.local((t) => {
      const { machine: m } = t;
      const busy = read(m, state.groupFile, groupOf(t)) !== 0;
      if (!busy) add(m, state.groupCdevOpen, groupOf(t), 1);
      m.put(groupLock(t), 0);
      if (busy) t.return(refuse.groupOpen(m, groupOf(t)));
    });
    r.lock('dev_set->lock', devSetLock);
    r.local((t) => {
      const { machine: m } = t;
      const context = resolveIommufd(t, df.of(t));
      if (isErr(context)) {
        ret.set(t, context);
        return t.goto(out);
      }
      world().files.get(m, context);
      m.put(state.deviceFileIommufd.base + df.of(t), context + 1);
      // linux: vfio_df_get_kvm_safe(): before vfio_df_open() says whether this file may have the device at all.
      devices.getKvm(m, deviceOf(t), idAt<VmId>(m, state.deviceFileKvm, df.of(t)));
      t.call(devices.open, df.of(t), deviceOf(t));
    });
    r.local((t) => {
      const { machine: m } = t;
      if (t.value !== 0) {
        ret.set(t, t.value);
        return t.call(devices.putKvm, deviceOf(t));
      }
      const iommufdFile = knownId<FileId>(m, state.deviceFileIommufd, df.of(t));
      const context = world().files.objectOf<IommufdId>(m, iommufdFile);
      m.put(state.accessGranted.base + df.of(t), 1);
      m.put(devSetLock(t), 0);
      writeField(t, argument(t, 2), 'out_devid', iommufd.objects.idOf(m, context, IOMMUFD_OBJECT.device, deviceOf(t)));
      t.return(0);
    });
    r.at(out).local((t) => {
      dropIommufd(t, df.of(t));
      t.machine.put(devSetLock(t), 0);
    });
    r.lock('group->group_lock', groupLock);
    r.local((t) => {
      add(t.machine, state.groupCdevOpen, groupOf(t), -1);
      t.machine.put(groupLock(t), 0);
      t.return(ret.of(t));
    });
  });

  function dropIommufd(t: Task, file: FileId): void {
    const context = idAt<FileId>(t.machine, state.deviceFileIommufd, file);
    // A file that is bound already keeps what it has: only the failing call's own reference goes.
    if (context === NONE || read(t.machine, state.accessGranted, file) !== 0) return;
    t.machine.put(state.deviceFileIommufd.base + file, 0);
    world().files.put(t, context);
  }

  const unbind = routines.define('vfio_df_unbind_iommufd', SOURCE, ['df: file', 'device: device'], (r, df, device) => {
    const { groupOf, groupLock, devSetLock } = through(df);
    r.local((t) => {
      if (read(t.machine, state.deviceFileIommufd, df.of(t)) === 0) t.return(0);
    });
    r.lock('dev_set->lock', devSetLock);
    r.local((t) => t.call(devices.close, df.of(t), device.of(t)));
    r.local((t) => t.call(devices.putKvm, device.of(t)));
    r.local((t) => {
      t.machine.put(state.accessGranted.base + df.of(t), 0);
      dropIommufd(t, df.of(t));
      t.machine.put(devSetLock(t), 0);
    });
    r.lock('group->group_lock', groupLock);
    r.local((t) => {
      add(t.machine, state.groupCdevOpen, groupOf(t), -1);
      t.machine.put(groupLock(t), 0);
      t.return(0);
    });
  });

  /** What is wrong with an ATTACH or DETACH before the device is looked at, or 0: they are for bound character devices. */
  function checkPageTable(t: Task, file: FileId, bytes: number): number {
    const { machine: m } = t;
    if (!exists()) return refuse.notThere(m);
    if (read(m, state.accessGranted, file) === 0) return refuse.notBound(m, world().files.objectOf<DeviceId>(m, file));
    if (read(m, state.deviceFile, file) === DEVICE_FILE.group) return refuse.groupRequest(m, file);
    const arg = argument(t, 2);
    if (!readable(arg)) return world().files.refuse.unreadable(m);
    const argsz = field32(t, arg, 'argsz');
    if (argsz < bytes) return refuse.argsz(m, argsz);
    const flags = field32(t, arg, 'flags');
    return flags !== 0 ? refuse.flags(m, flags) : 0;
  }

  const attach = routines.define('vfio_df_ioctl_attach_pt', SOURCE, ['df: file'], (r, df) => {
    const { deviceOf, devSetLock } = through(df);
    r.local((t) => {
      const errno = checkPageTable(t, df.of(t), ATTACH_BYTES);
      if (errno !== 0) t.return(errno);
    });
    r.lock('dev_set->lock', devSetLock);
    r.local((t) => t.call(iommufd.hwpts.attach, deviceOf(t), field32(t, argument(t, 2), 'pt_id')));
    r.local((t) => {
      const result = t.value;
      t.machine.put(devSetLock(t), 0);
      const arg = argument(t, 2);
      if (result === 0)
        writeField(t, arg, 'pt_id', iommufd.hwpts.attachedId(t.machine, deviceOf(t), field32(t, arg, 'pt_id')));
      t.return(result);
    });
  });

  const detach = routines.define('vfio_df_ioctl_detach_pt', SOURCE, ['df: file'], (r, df) => {
    const { deviceOf, devSetLock } = through(df);
    r.local((t) => {
      const errno = checkPageTable(t, df.of(t), DETACH_BYTES);
      if (errno !== 0) t.return(errno);
    });
    r.lock('dev_set->lock', devSetLock);
    r.local((t) => {
      iommufd.hwpts.detach(t.machine, deviceOf(t));
      t.machine.put(devSetLock(t), 0);
      t.return(0);
    });
  });

  return { open, bind, unbind, attach, detach };
}
