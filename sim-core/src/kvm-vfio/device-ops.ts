/** The functions that kvm-vfio gives to the device control API: create, has_attr, set_attr, and its end. */
import type { Routine, RoutineBuilder, Task } from '../engine/task.ts';
import { argument, field32, field64, pointedInt } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import type { World, WorldBase } from '../world.ts';
import type { Coherency } from './coherency.ts';
import type { KvmVfio } from './kvm-vfio.ts';
import type { List } from './list.ts';

/** How the list changes, in one of the two eras. */
export interface Change {
  /** Locals 0, 1: KVM device, file of the descriptor. Return 0 or -errno. */
  readonly add: Routine;
  readonly del: Routine;
  /** Appends the steps that take the first entry off and drop it. Local 0: KVM device, local 2 is free for them. */
  dropFirst(r: RoutineBuilder): void;
}

const GROUP = 1;
const ATTR = { add: 1n, del: 2n } as const;

type Ops = Pick<KvmVfio, 'create' | 'setAttr' | 'hasAttr' | 'release' | 'destroy'>;

export function createDeviceOps(
  base: WorldBase,
  world: () => World,
  list: List,
  coherency: Coherency,
  change: Change,
): Ops {
  const { routines, dims, kernel } = base;

  const create = routines.define('kvm_vfio_create', 'virt/kvm/vfio.c', (r) =>
    r.takes('dev: kvmDevice', 'kvm: vm').step('look for another kvm-vfio device of the VM', (t) => {
      // linux: virt/kvm/vfio.c kvm_vfio_create(): only devices that are already on kvm->devices count.
      const { kvm } = world();
      for (let d = 0; d < dims.kvmDevices; d++) {
        if (t.machine.state[kvm.deviceVm.base + d] !== t.get(1) + 1) continue;
        if (t.machine.state[kvm.deviceListed.base + d] !== 0) return t.return(E.BUSY);
      }
      return t.return(0);
    }),
  );

  const setEntry = (r: RoutineBuilder): void => {
    r.takes('dev: kvmDevice', 'filp: file?', 'ret: result');
    r.step('read the descriptor and look it up', (t) => {
      const { files } = world();
      const arg = argument(t, 2);
      const addr = arg.fields?.get('addr');
      const fd = addr && pointedInt(t, addr);
      if (fd === undefined) return t.return(E.FAULT);
      const file = files.fget(t, fd);
      if (file < 0) return t.return(E.BADF);
      files.get(t.machine, file);
      t.set(1, file + 1);
      return t.call(field64(t, arg, 'attr') === ATTR.add ? change.add : change.del, t.get(0), file);
    });
    r.local((t) => {
      t.set(2, t.value);
      world().files.put(t, t.get(1) - 1);
      t.return(t.get(2));
    });
  };

  /** The attribute, when it exists: a pointer that cannot be read does not matter for those that do not. */
  const known = (t: Task): boolean => {
    const arg = argument(t, 2);
    const attr = field64(t, arg, 'attr');
    // SET_SPAPR_TCE exists only in kernels built for POWER.
    return field32(t, arg, 'group') === GROUP && (attr === ATTR.add || attr === ATTR.del);
  };

  const hasAttr = routines.define('kvm_vfio_has_attr', 'virt/kvm/vfio.c', (r) =>
    r.takes('dev: kvmDevice').local((t) => t.return(known(t) ? 0 : E.NXIO)),
  );

  const setGroup = kernel.has('file-identity')
    ? routines.define(
        kernel.has('file-add-device-files') ? 'kvm_vfio_set_file' : 'kvm_vfio_set_group',
        'virt/kvm/vfio.c',
        setEntry,
      )
    : undefined;

  const setAttr = routines.define('kvm_vfio_set_attr', 'virt/kvm/vfio.c', (r) => {
    r.takes('dev: kvmDevice');
    r.local((t) => {
      if (!known(t)) t.return(E.NXIO);
    });
    if (setGroup) r.local((t) => t.call(setGroup, t.get(0))).local((t) => t.return(t.value));
    else setEntry(r);
  });

  /** Empties the list and tells KVM. Locals 0, 1: KVM device, VM. */
  const end = (name: string): Routine =>
    routines.define(name, 'virt/kvm/vfio.c', (r) => {
      r.takes('dev: kvmDevice', 'kvm: vm', kernel.has('file-identity') ? 'filp: file?' : 'vfio_group: group?');
      const loop = r.label();
      const empty = r.label();
      r.at(loop).local((t) => {
        if (list.at(t.machine, t.get(0), 0) < 0) t.goto(empty);
      });
      change.dropFirst(r);
      r.local((t) => t.goto(loop));
      r.at(empty).local((t) => t.call(coherency.update, t.get(0)));
      r.local((t) => {
        list.forget(t.machine, t.get(0));
        t.return(0);
      });
    });

  return { create, hasAttr, setAttr, release: end('kvm_vfio_release'), destroy: end('kvm_vfio_destroy') };
}
