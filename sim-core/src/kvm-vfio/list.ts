/** The list of one kvm-vfio device, and the other things that `struct kvm_vfio` holds. */
import type { Local } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { tooManyAtOnce } from '../limits.ts';
import {
  type FileId,
  type GroupId,
  idAt,
  type KvmDeviceId,
  knownId,
  NONE,
  type None,
  type VmId,
} from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';

/** What a list holds: groups up to v5.18, open files later. */
export type Entry = FileId | GroupId;

export interface List<E extends Entry> {
  readonly noncoherent: Field;
  readonly entries: Field;
  readonly lock: Field;
  /** Where `kv->lock` is, for a routine with the device in a local. */
  lockOf(dev: Local<KvmDeviceId>): (task: Task) => number;
  /** The VM of a device. */
  vmOf(machine: Machine, device: KvmDeviceId): VmId;
  /** The entry at a position, or none after the last. */
  at(machine: Pick<Machine, 'state'>, device: KvmDeviceId, position: number): E | None;
  all(machine: Pick<Machine, 'state'>, device: KvmDeviceId): E[];
  /** The position of an entry, or -1. */
  find(machine: Machine, device: KvmDeviceId, entry: E): number;
  append(machine: Machine, device: KvmDeviceId, entry: E): void;
  remove(machine: Machine, device: KvmDeviceId, position: number): void;
  /** On POWER from v6.1 on: the entry keeps its IOMMU group from now on, and whether it does. */
  readonly keepGroup?: (machine: Machine, device: KvmDeviceId, position: number) => void;
  readonly keepsGroup?: (machine: Machine, device: KvmDeviceId, position: number) => boolean;
  /** kfree(kv). */
  forget(machine: Machine, device: KvmDeviceId): void;
}

export function createList(base: WorldBase, world: () => World): List<Entry> {
  const { layout, dims } = base;
  const length = dims.kvmVfioEntries;
  const noncoherent = layout.field('kvmVfioNoncoherent', [dims.kvmDevices]);
  const entries = layout.field('kvmVfioEntries', [dims.kvmDevices, length]);
  const lock = layout.field('kvmVfioLock', [dims.kvmDevices]);
  const keeps = base.topology.cpu.vendor === 'power' && base.kernel.has('spapr-group-reference');
  const groups = layout.field('kvmVfioIommuGroup', keeps ? [dims.kvmDevices, length] : [0]);
  const groupSlot = (device: KvmDeviceId, position: number): number => groups.base + device * length + position;
  const slot = (device: KvmDeviceId, position: number): number => entries.base + device * length + position;
  const at = (m: Pick<Machine, 'state'>, device: KvmDeviceId, position: number): Entry | None =>
    position < length ? idAt<Entry>(m, entries, device * length + position) : NONE;

  return {
    noncoherent,
    entries,
    lock,
    lockOf: (dev) => (t) => lock.base + dev.of(t),
    vmOf: (m, device) => knownId<VmId>(m, world().kvm.deviceVm, device),
    at,
    all(m, device) {
      const all: Entry[] = [];
      for (let i = 0; ; i++) {
        const entry = at(m, device, i);
        if (entry === NONE) return all;
        all.push(entry);
      }
    },
    find(m, device, entry) {
      for (let i = 0; at(m, device, i) >= 0; i++) if (at(m, device, i) === entry) return i;
      return -1;
    },
    append(m, device, entry) {
      for (let i = 0; i < length; i++) {
        if (at(m, device, i) >= 0) continue;
        m.put(slot(device, i), entry + 1);
        return;
      }
      throw tooManyAtOnce(`a kvm-vfio device has more than ${length} entries`);
    },
    remove(m, device, position) {
      for (let i = position; i < length; i++) m.put(slot(device, i), at(m, device, i + 1) + 1);
      if (!keeps) return;
      for (let i = position; i < length; i++)
        m.put(groupSlot(device, i), i + 1 < length ? m.state[groupSlot(device, i + 1)]! : 0);
    },
    ...(keeps && {
      keepGroup: (m, device, position) => m.put(groupSlot(device, position), 1),
      keepsGroup: (m, device, position) => m.state[groupSlot(device, position)] === 1,
    }),
    forget(m, device) {
      if (keeps) for (let i = 0; i < length; i++) m.put(groupSlot(device, i), 0);
      for (let i = 0; i < length; i++) m.put(slot(device, i), 0);
      m.put(noncoherent.base + device, 0);
      m.put(lock.base + device, 0);
    },
  };
}
