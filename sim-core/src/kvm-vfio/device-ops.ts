/** The functions that kvm-vfio gives to the device control API: create, has_attr, set_attr, and its end. */
import type { Local, Routine, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, pointedInt } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { type FileId, idAt, type KvmDeviceId, NONE, type VmId } from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';
import type { Coherency } from './coherency.ts';
import type { KvmVfio } from './kvm-vfio.ts';
import type { Entry, List } from './list.ts';
import type { Spapr } from './spapr.ts';

/** How the list changes, in one of the two eras. */
export interface ListOps {
  /** `filp` is the file of the descriptor. Return 0 or -errno. */
  readonly add: Routine<[dev: KvmDeviceId, filp: FileId]>;
  readonly del: Routine<[dev: KvmDeviceId, filp: FileId]>;
  /** Appends the steps that take the first entry off and drop it. */
  dropFirst(r: RoutineBuilder, dev: Local<KvmDeviceId>): void;
}

const GROUP = 1;
const ATTR = { add: 1n, del: 2n, setTce: 3n } as const;

type Ops = Pick<KvmVfio, 'create' | 'setAttr' | 'hasAttr' | 'release' | 'destroy'>;

export function createDeviceOps(
  base: WorldBase,
  world: () => World,
  list: List<Entry>,
  coherency: Coherency,
  change: ListOps,
  spapr: Spapr | undefined,
): Ops {
  const { routines, dims, kernel } = base;

  const refuse = base.refusals.add({
    second: [E.BUSY, '{} already in the VM, which may have only one', 'kvmDevice'],
    attribute: [E.NXIO, 'no attribute of that group and number'],
  });

  const create = routines.define('kvm_vfio_create', 'virt/kvm/vfio.c', ['dev: kvmDevice', 'kvm: vm'], (r, _dev, vm) =>
    r.step('look for another kvm-vfio device of the VM', (t) => {
      // linux: virt/kvm/vfio.c kvm_vfio_create(): only devices that are already on kvm->devices count.
      const { kvm } = world();
      for (let d = 0 as KvmDeviceId; d < dims.kvmDevices; d++) {
        if (idAt<VmId>(t.machine, kvm.deviceVm, d) !== vm.of(t)) continue;
        if (t.machine.state[kvm.deviceListed.base + d] !== 0) return t.return(refuse.second(t.machine, d));
      }
      return t.return(0);
    }),
  );

  const setEntry = (r: RoutineBuilder, dev: Local<KvmDeviceId>): void => {
    const filp = r.variable('filp: file?', NONE);
    const ret = r.variable('ret: result', 0);
    r.step('read the descriptor and look it up', (t) => {
      const { files } = world();
      const arg = argument(t, 2);
      const addr = arg.fields?.get('addr');
      const fd = addr && pointedInt(t, addr);
      if (fd === undefined) return t.return(files.refuse.unreadable(t.machine));
      const file = files.fget(t, fd);
      if (file === NONE) return t.return(files.refuse.descriptor(t, fd));
      files.get(t.machine, file);
      filp.set(t, file);
      return t.call(field64(t, arg, 'attr') === ATTR.add ? change.add : change.del, dev.of(t), file);
    });
    r.local((t) => {
      ret.set(t, t.value);
      world().files.put(t, filp.known(t));
      t.return(ret.of(t));
    }, 'put the reference of the file, return ret');
  };

  /** The attribute, when it exists: a pointer that cannot be read does not matter for those that do not. */
  const known = (t: Task): boolean => {
    const arg = argument(t, 2);
    const attr = field64(t, arg, 'attr');
    if (field32(t, arg, 'group') !== GROUP) return false;
    return attr === ATTR.add || attr === ATTR.del || (attr === ATTR.setTce && spapr !== undefined);
  };

  const hasAttr = routines.define('kvm_vfio_has_attr', 'virt/kvm/vfio.c', ['dev: kvmDevice'], (r) =>
    r.local((t) => t.return(known(t) ? 0 : refuse.attribute(t.machine))),
  );

  const setGroup = kernel.has('file-identity')
    ? routines.define('kvm_vfio_set_file', 'virt/kvm/vfio.c', ['dev: kvmDevice'], setEntry)
    : undefined;

  const setAttr = routines.define('kvm_vfio_set_attr', 'virt/kvm/vfio.c', ['dev: kvmDevice'], (r, dev) => {
    r.local((t) => {
      if (!known(t)) t.return(refuse.attribute(t.machine));
    }, 'if the attribute does not exist, return -ENXIO');
    if (spapr) {
      const entry = r.label();
      r.local((t) => {
        if (field64(t, argument(t, 2), 'attr') !== ATTR.setTce) t.goto(entry);
        else t.call(spapr.setTce, dev.of(t));
      }, 'if it is SET_SPAPR_TCE, bind the table');
      r.local((t) => t.return(t.value));
      r.at(entry);
    }
    if (setGroup) r.local((t) => t.call(setGroup, dev.of(t))).local((t) => t.return(t.value));
    else setEntry(r, dev);
  });

  /** Empties the list and tells KVM. */
  const end = (name: string): KvmVfio['release'] =>
    routines.define(name, 'virt/kvm/vfio.c', ['dev: kvmDevice', 'kvm: vm'], (r, dev) => {
      const loop = r.label();
      const empty = r.label();
      r.at(loop).local((t) => {
        if (list.at(t.machine, dev.of(t), 0) === NONE) t.goto(empty);
      }, 'while the list is not empty');
      change.dropFirst(r, dev);
      r.local((t) => t.goto(loop));
      r.at(empty).local((t) => t.call(coherency.update, dev.of(t)));
      r.local((t) => {
        list.forget(t.machine, dev.of(t));
        t.return(0);
      });
    });

  return { create, hasAttr, setAttr, release: end('kvm_vfio_release'), destroy: end('kvm_vfio_destroy') };
}
