/**
 * How VFIO keeps the VM that it was told: as a pointer, with a reference of an open device to the VM itself (v6.3 and
 * later), or as the open file of the VM (a series of 2026 that was not merged).
 *
 * With the file, what VFIO was told keeps the VM's descriptor open: the VM cannot end before, and what the file's release
 * function does comes after the locks of VFIO were dropped.
 */
import type { Task } from '../engine/task.ts';
import { type FileId, idAt, NONE, type None, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';

export interface VmFiles {
  /** get_file_active() of `kvm->_file`: false when the VM has no open file any more. */
  hold(machine: Machine, vm: VmId): boolean;
  drop(task: Task, vm: VmId): void;
  /** vfio_kvm_file_replace(): stores a VM + 1, or 0, and returns the VM that was there and is to be dropped. */
  replace(machine: Machine, field: Field, index: number, vm: VmId | None): VmId | None;
}

/** Undefined when VFIO keeps no file. */
export function createVmFiles({ kernel, dims }: WorldBase, world: () => World): VmFiles | undefined {
  if (!kernel.has('vfio-holds-vm-file')) return undefined;

  function openFile(m: Machine, vm: VmId): FileId | None {
    const { files } = world();
    for (let file = 0 as FileId; file < dims.files; file++) {
      const open = m.state[files.references.base + file] !== 0 && files.kindOf(m, file) === 'vm';
      if (open && files.objectOf<VmId>(m, file) === vm) return file;
    }
    return NONE;
  }

  function hold(m: Machine, vm: VmId): boolean {
    const file = openFile(m, vm);
    if (file !== NONE) world().files.get(m, file);
    return file !== NONE;
  }

  return {
    hold,
    drop(t, vm) {
      const file = openFile(t.machine, vm);
      if (file !== NONE) world().files.put(t, file);
    },
    replace(m, field, index, vm) {
      const old = idAt<VmId>(m, field, index);
      m.put(field.base + index, vm !== NONE && hold(m, vm) ? vm + 1 : 0);
      return old;
    },
  };
}
