/** The list of one kvm-vfio device, and the other things that `struct kvm_vfio` holds. */
import type { Task } from '../engine/task.ts';
import { ModelLimit } from '../limits.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';

export interface List {
  readonly noncoherent: Field;
  readonly entries: Field;
  readonly lock: Field;
  /** The slot of `kv->lock` for a routine whose local 0 is the device. */
  lockOf(task: Task): number;
  /** The VM of a device. */
  vmOf(machine: Machine, device: number): number;
  /** The entry at a position, or -1 behind the end. */
  at(machine: Machine, device: number, position: number): number;
  all(machine: Machine, device: number): number[];
  /** The position of an entry, or -1. */
  find(machine: Machine, device: number, entry: number): number;
  append(machine: Machine, device: number, entry: number): void;
  remove(machine: Machine, device: number, position: number): void;
  /** kfree(kv). */
  forget(machine: Machine, device: number): void;
}

export function createList(base: WorldBase, world: () => World): List {
  const { layout, dims } = base;
  const length = dims.kvmVfioEntries;
  const noncoherent = layout.field('kvmVfioNoncoherent', [dims.kvmDevices]);
  const entries = layout.field('kvmVfioEntries', [dims.kvmDevices, length]);
  const lock = layout.field('kvmVfioLock', [dims.kvmDevices]);
  const slot = (device: number, position: number): number => entries.base + device * length + position;
  const at = (m: Machine, device: number, position: number): number =>
    position < length ? (m.state[slot(device, position)] as number) - 1 : -1;

  return {
    noncoherent,
    entries,
    lock,
    lockOf: (t) => lock.base + t.get(0),
    vmOf: (m, device) => (m.state[world().kvm.deviceVm.base + device] as number) - 1,
    at,
    all(m, device) {
      const all: number[] = [];
      for (let i = 0; at(m, device, i) >= 0; i++) all.push(at(m, device, i));
      return all;
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
      throw new ModelLimit(`a kvm-vfio device has more than ${length} entries at once; statements in loops count once`);
    },
    remove(m, device, position) {
      for (let i = position; i < length; i++) m.put(slot(device, i), at(m, device, i + 1) + 1);
    },
    forget(m, device) {
      for (let i = 0; i < length; i++) m.put(slot(device, i), 0);
      m.put(noncoherent.base + device, 0);
      m.put(lock.base + device, 0);
    },
  };
}
