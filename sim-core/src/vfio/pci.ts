/**
 * The ioctls of vfio-pci itself, on an open device.
 *
 * Modelled: what kind of device it is. Left out: regions, interrupts and resets; two requests about resets have the numbers
 * of VFIO_IOMMU_GET_INFO and VFIO_IOMMU_MAP_DMA, and say so when a container's request reaches a device.
 */
import type { Local, Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, readable, writeField } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { ModelLimit } from '../limits.ts';
import type { FileId } from '../state/ids.ts';
import type { WorldBase } from '../world.ts';
import type { VfioState } from './state.ts';

export interface PciDevices {
  /** VFIO_DEVICE_GET_INFO. */
  readonly getInfo: Routine<[vdev: FileId]>;
  /** VFIO_DEVICE_PCI_HOT_RESET, which has the number of VFIO_IOMMU_MAP_DMA. */
  readonly hotReset: Routine<[vdev: FileId]>;
  /** VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, which has the number of VFIO_IOMMU_GET_INFO. */
  readonly hotResetInfo: Routine<[vdev: FileId]>;
}

const INFO_FLAGS_RESET_PCI = 3;
const INFO_BYTES = 16;

export function createPciDevices(base: WorldBase, state: VfioState): PciDevices {
  const { routines } = base;
  const { read } = state;

  const refuse = base.refusals.add({
    notBound: [E.INVAL, '{} not bound to an iommufd yet', 'file'],
    argsz: [E.INVAL, 'argsz {}, which is too small', 'number'],
    flags: [E.INVAL, 'flags other than 0 ({x})', 'number'],
    unreadable: [E.FAULT, 'nothing readable at the address of the argument'],
  });
  const granted = (t: Task, vdev: Local<FileId>): boolean => read(t.machine, state.accessGranted, vdev.of(t)) !== 0;

  const hotReset = routines.define(
    'vfio_pci_ioctl_pci_hot_reset',
    'drivers/vfio/pci/vfio_pci_core.c',
    ['vdev: file'],
    (r, vdev) =>
      r.step('check the argument', (t) => {
        if (!granted(t, vdev)) return t.return(refuse.notBound(t.machine, vdev.of(t)));
        if (!readable(argument(t, 2))) return t.return(refuse.unreadable(t.machine));
        // The flags of a mapping are in the place of flags that must be 0.
        const flags = field32(t, argument(t, 2), 'flags');
        if (flags !== 0) return t.return(refuse.flags(t.machine, flags));
        throw new ModelLimit(
          'on a VFIO device this request is VFIO_DEVICE_PCI_HOT_RESET, and resets are not modelled; name the container',
        );
      }),
  );

  const hotResetInfo = routines.define(
    'vfio_pci_ioctl_get_pci_hot_reset_info',
    'drivers/vfio/pci/vfio_pci_core.c',
    ['vdev: file'],
    (r, vdev) =>
      r.step('check the argument', (t) => {
        if (!granted(t, vdev)) return t.return(refuse.notBound(t.machine, vdev.of(t)));
        throw new ModelLimit(
          'on a VFIO device this request is VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, and resets are not modelled; name the container',
        );
      }),
  );

  const getInfo = routines.define(
    'vfio_pci_ioctl_get_info',
    'drivers/vfio/pci/vfio_pci_core.c',
    ['vdev: file'],
    (r, vdev) =>
      r.step('describe the device', (t) => {
        if (!granted(t, vdev)) return t.return(refuse.notBound(t.machine, vdev.of(t)));
        const arg = argument(t, 2);
        if (!readable(arg)) return t.return(refuse.unreadable(t.machine));
        const argsz = field32(t, arg, 'argsz');
        if (argsz < INFO_BYTES) return t.return(refuse.argsz(t.machine, argsz));
        writeField(t, arg, 'flags', INFO_FLAGS_RESET_PCI);
        t.return(0);
      }),
  );

  return { getInfo, hotReset, hotResetInfo };
}
