/**
 * PCI config space of a device as vfio-pci shows it: pread(2) and pwrite(2) on the device's descriptor.
 *
 * vfio-pci keeps some fields to itself (function level reset, payload sizes); Enable No Snoop, bit 11 of Device Control,
 * passes straight through, in every version. So a guest may enable No Snoop, and whether that is coherent is up to the
 * IOMMU. A function that never asks for No Snoop has the bit hard-wired to 0.
 *
 * Modelled: Device Control alone, with the PCI Express capability at 0x40, and of it only bit 11; other bits read as 0 and
 * are not kept. Left out: every other register, and all other regions.
 *
 * Sources: linux drivers/vfio/pci/vfio_pci_config.c vfio_exp_config_write(), PCIe Base Specification "Device Control
 * Register".
 */
import type { Value } from '../engine/compile.ts';
import type { Routine, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { FILE_KINDS, type FileKind } from '../files/kinds.ts';
import { argument, readable } from '../files/user-memory.ts';
import { E, type Errno, isErr } from '../kernel/errno.ts';
import { ModelLimit } from '../limits.ts';
import { type DeviceId, NONE } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { VfioState } from './state.ts';

export interface ConfigSpace {
  /** pread64(2): descriptor, buffer, count, offset. */
  readonly pread: Routine;
  readonly pwrite: Routine;
}

/** A device descriptor shows region i at i << 40; 7 is config space. */
const REGION_SHIFT = 40n;
const CONFIG_REGION = 7n;
const CONFIG_BYTES = 4096n;
/** Device Control, when the PCI Express capability is at 0x40, and the byte of it that holds Enable No Snoop. */
const DEVICE_CONTROL = 0x48n;
const UPPER_BYTE = DEVICE_CONTROL + 1n;
const ENABLE_NO_SNOOP = 0x08;
const DEVICE_NODES: ReadonlySet<FileKind> = new Set(['kvm', 'group', 'container', 'iommufd']);

export function createConfigSpace(base: WorldBase, world: () => World, state: VfioState): ConfigSpace {
  const { routines, topology } = base;
  const refuse = base.refusals.add({
    noRead: [E.INVAL, '{}, which can be neither read nor written', 'file'],
    notBound: [E.INVAL, '{} not bound to an iommufd yet', 'device'],
    beyondConfig: [E.FAULT, 'an access beyond the end of config space'],
  });

  /** The file and place that a call means: the device, or -errno; what is not modelled throws. */
  function locate(t: Task): DeviceId | Errno {
    const { files } = world();
    const { machine: m } = t;
    const fd = argument(t, 0).int(t);
    const file = files.fget(t, fd);
    if (file === NONE) return files.refuse.descriptor(t, fd);
    const kind = files.kindOf(m, file);
    if (DEVICE_NODES.has(kind)) return refuse.noRead(m, file);
    if (kind !== 'device')
      throw new ModelLimit(`reading and writing ${FILE_KINDS[kind]} is not modelled; only VFIO devices are`);
    const device = files.objectOf<DeviceId>(m, file);
    if (m.state[state.accessGranted.base + file] === 0) return refuse.notBound(m, device);
    if (state.isEmulated(device)) throw new ModelLimit('config space of mediated devices is not modelled');
    const offset = argument(t, 3).wide(t);
    if (offset >> REGION_SHIFT !== CONFIG_REGION) {
      throw new ModelLimit(
        'of the regions of a VFIO device only config space is modelled: VFIO_PCI_CONFIG|PCI_EXP_DEVCTL',
      );
    }
    const at = offset & ((1n << REGION_SHIFT) - 1n);
    const count = argument(t, 2).wide(t);
    // linux: vfio_pci_config_rw(): an access beyond the end is EFAULT.
    if (at >= CONFIG_BYTES || at + count > CONFIG_BYTES) return refuse.beyondConfig(m);
    if (at < DEVICE_CONTROL || at + count > DEVICE_CONTROL + 2n) {
      throw new ModelLimit(
        'of config space only Device Control is modelled: two bytes at VFIO_PCI_CONFIG|PCI_EXP_DEVCTL',
      );
    }
    return device;
  }

  /** Which byte of the buffer holds bits 8 to 15 of Device Control, or -1 when the access does not reach it. */
  function upperByte(t: Task): number {
    const at = argument(t, 3).wide(t) & ((1n << REGION_SHIFT) - 1n);
    const index = UPPER_BYTE - at;
    return index >= 0n && index < argument(t, 2).wide(t) ? Number(index) : -1;
  }

  const slotOf = (device: DeviceId): number => world().pcie.enableNoSnoop.base + device;

  const accesses = (which: string, write: (r: RoutineBuilder) => void): Routine =>
    routines.define('vfio_pci_config_rw', 'drivers/vfio/pci/vfio_pci_config.c', [], write, 'kernel', which);

  const pread = accesses('pread64', (r) =>
    r.step('read Device Control', (t) => {
      const device = locate(t);
      if (isErr(device)) return t.return(device);
      const buffer = argument(t, 1);
      if (!readable(buffer)) return t.return(world().files.refuse.unwritable(t.machine));
      const byte = upperByte(t);
      // The completion of a read stays after what the device posted before it; that of a config write may pass.
      world().pcie.pushPosted(t.machine, device);
      const enabled = t.machine.state[slotOf(device)] !== 0;
      const slot = buffer.outputs?.get('value');
      if (slot !== undefined) t.machine.put(slot, enabled && byte >= 0 ? ENABLE_NO_SNOOP << (8 * byte) : 0);
      t.return(argument(t, 2).int(t));
    }),
  );

  const pwrite = accesses('pwrite64', (r) =>
    r.step('write Device Control', (t) => {
      const device = locate(t);
      if (isErr(device)) return t.return(device);
      const buffer = argument(t, 1);
      if (!readable(buffer) && buffer.text === undefined) return t.return(world().files.refuse.unreadable(t.machine));
      const byte = upperByte(t);
      if (byte >= 0) setNoSnoop(t.machine, device, (byteOf(t, buffer, byte) & ENABLE_NO_SNOOP) !== 0);
      t.return(argument(t, 2).int(t));
    }),
  );

  function setNoSnoop(m: Machine, device: DeviceId, on: boolean): void {
    m.put(slotOf(device), on && topology.devices[device]?.noSnoop === true ? 1 : 0);
  }

  return { pread, pwrite };
}

/** Byte `i` of a buffer that is written as a number (little-endian) or as a string. */
function byteOf(t: Task, buffer: Value, i: number): number {
  if (buffer.text !== undefined) return buffer.text.charCodeAt(i) & 0xff;
  const value = buffer.pointee ?? buffer.fields?.get('value');
  return ((value?.int(t) ?? 0) >>> (8 * i)) & 0xff;
}
