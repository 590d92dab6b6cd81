/** What the driver of a VFIO device does when it is opened and closed: some drivers of mediated devices use the VM. */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import type { Errno } from '../kernel/errno.ts';
import { type DeviceId, idAt, NONE, type None, type VmId } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';
import type { DeviceParts } from './device.ts';

export interface DriverCalls {
  /** `open_device`: 0 or -errno. */
  readonly open: Routine<[vdev: DeviceId]>;
  /** `close_device`. */
  readonly close: Routine<[vdev: DeviceId]>;
}

/** `noVm` is why an open fails without a VM. */
export function createDriverCalls(
  { kernel, routines, topology }: WorldBase,
  { state, hooks }: DeviceParts,
  noVm: (machine: Machine, device: DeviceId) => Errno,
): DriverCalls {
  const source = 'drivers/vfio/vfio_main.c';
  /** How the driver of a mediated device uses the VM: `none`, `reference` or `lock`. */
  const kvmUse = (device: DeviceId): string =>
    state.isEmulated(device) ? (topology.devices[device]?.options.get('kvm') ?? 'none') : 'none';

  /** The VM that a driver finds when it is opened: `device->kvm`, or the group's. */
  const kvmOf = (m: Machine, device: DeviceId): VmId | None =>
    kernel.has('device-holds-kvm')
      ? idAt<VmId>(m, state.deviceKvm, device)
      : idAt<VmId>(m, state.groupKvm, state.groupOfDevice(device));

  const open = routines.define('vfio_device_ops.open_device', source, ['vdev: device'], (r, vdev) => {
    const plain = r.label();
    const kvmLock = (t: Task): number => hooks().lockSlot(kvmOf(t.machine, vdev.of(t)) as VmId);
    r.local((t) => {
      const device = vdev.of(t);
      const vm = kvmOf(t.machine, device);
      if (kvmUse(device) === 'none') return t.return(0);
      if (kvmUse(device) === 'lock') return vm === NONE ? t.return(0) : t.goto(plain);
      // linux: drivers/gpu/drm/i915/gvt/kvmgt.c intel_vgpu_open_device(): no VM is ESRCH.
      if (vm === NONE || !hooks().getSafe(t.machine, vm)) return t.return(noVm(t.machine, device));
      t.machine.put(state.driverKvm.base + device, vm + 1);
      t.return(0);
    });
    // linux: drivers/s390/crypto/vfio_ap_ops.c vfio_ap_mdev_open_device(): what it does for a VM is under kvm->lock.
    r.at(plain).lock('kvm->lock', kvmLock);
    r.step('drop kvm->lock', (t) => {
      t.machine.put(kvmLock(t), 0);
      t.return(0);
    });
  });

  const close = routines.define('vfio_device_ops.close_device', source, ['vdev: device'], (r, vdev) => {
    r.local((t) => {
      const vm = idAt<VmId>(t.machine, state.driverKvm, vdev.of(t));
      if (vm === NONE) return t.return(0);
      t.machine.put(state.driverKvm.base + vdev.of(t), 0);
      t.call(hooks().put, vm);
    });
    r.local((t) => t.return(0));
  });

  return { open, close };
}
