/**
 * The kvm-vfio pseudo device: how KVM learns which VFIO groups or files its VM uses.
 *
 * The real thing: user space adds VFIO groups (from v6.6 also devices). kvm-vfio keeps them in a list, tells VFIO which
 * VM uses them, and tells KVM whether any of them may do DMA that is not coherent. It asks again only when the list
 * changes: nothing pushes a change of the answer to it.
 * Modelled: create, has_attr, set_attr with ADD and DEL of every era, identity by group (up to v5.18) and by file,
 * the coherency update under its own lock or inside the caller's, destroy and release, all locks as steps, and the
 * checks of SET_SPAPR_TCE on POWER (elsewhere it is ENXIO).
 * Left out: module loading.
 * Sources: linux virt/kvm/vfio.c.
 */
import type { Routine } from '../engine/routine.ts';
import type { FileId, GroupId, KvmDeviceId, VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { createByFile } from './by-file.ts';
import { createByGroup } from './by-group.ts';
import { createCoherency } from './coherency.ts';
import { createDeviceOps } from './device-ops.ts';
import { createList, type Entry, type List } from './list.ts';
import { createSpapr } from './spapr.ts';

export interface KvmVfio {
  /** Per KVM device: `kv->noncoherent`, what it has told KVM. */
  readonly noncoherent: Field;
  /** Per KVM device and position: the listed file or group + 1, or 0 past the end. */
  readonly entries: Field;
  /** Per KVM device: `kv->lock`: the task that holds it + 1. */
  readonly lock: Field;
  /** kvm_vfio_create(). Returns 0, or -EBUSY when the VM has one. */
  readonly create: Routine<[dev: KvmDeviceId, kvm: VmId]>;
  /** kvm_vfio_set_attr(), kvm_vfio_has_attr(). */
  readonly setAttr: Routine<[dev: KvmDeviceId]>;
  readonly hasAttr: Routine<[dev: KvmDeviceId]>;
  /** kvm_vfio_release(), v6.2 and later; kvm_vfio_destroy() before. */
  readonly release: Routine<[dev: KvmDeviceId, kvm: VmId]>;
  readonly destroy: Routine<[dev: KvmDeviceId, kvm: VmId]>;
  /** Does the list hold files (v5.19 and later) or groups? */
  readonly holdsFiles: boolean;
  /** The entries of a KVM device, in list order. */
  listed(machine: Pick<Machine, 'state'>, device: KvmDeviceId): Entry[];
}

export function createKvmVfio(base: WorldBase, world: () => World): KvmVfio {
  const list = createList(base, world);
  const coherency = createCoherency(base, world, list);
  const holdsFiles = base.kernel.has('file-identity');
  const spapr = createSpapr(base, world, list);
  const change = holdsFiles
    ? createByFile(base, world, list as List<FileId>, coherency, spapr)
    : createByGroup(base, world, list as List<GroupId>, coherency);
  const ops = createDeviceOps(base, world, list, coherency, change, spapr);
  return {
    noncoherent: list.noncoherent,
    entries: list.entries,
    lock: list.lock,
    ...ops,
    holdsFiles,
    listed: list.all,
  };
}
