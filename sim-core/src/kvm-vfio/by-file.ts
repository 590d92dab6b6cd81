/**
 * ADD and DEL from v5.19 on: the list holds open files. KVM keeps the file open, but no longer pins its container.
 */

import type { Local, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { E } from '../kernel/errno.ts';
import { FREED_OBJECTS } from '../state/event.ts';
import { type FileId, type KvmDeviceId, NONE } from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';
import type { Coherency } from './coherency.ts';
import type { ListOps } from './device-ops.ts';
import type { List } from './list.ts';
import type { Spapr } from './spapr.ts';

export function createByFile(
  base: WorldBase,
  world: () => World,
  list: List<FileId>,
  coherency: Coherency,
  spapr: Spapr | undefined,
): ListOps {
  const { kernel, routines } = base;

  const refuse = base.refusals.add({
    notVfio: [E.INVAL, '{}, which VFIO does not know as a file of its own', 'file'],
    listed: [E.EXIST, '{} already in the list', 'file'],
    notListed: [E.NOENT, 'no entry for {} in the list', 'file'],
  });

  const add = routines.define(
    'kvm_vfio_file_add',
    'virt/kvm/vfio.c',
    ['dev: kvmDevice', 'filp: file'],
    (r, dev, filp) => {
      const tellsUnderLock = kernel.has('add-tells-vfio-under-lock');
      const oneRound = kernel.has('single-lock-round');
      const ret = r.variable('ret: result', 0);
      const unlock = r.label();
      r.local((t) => {
        const { vfio } = world();
        const known = kernel.has('file-add-device-files')
          ? vfio.fileIsValid(t.machine, filp.of(t))
          : vfio.fileIsGroup(t.machine, filp.of(t));
        if (!known) t.return(refuse.notVfio(t.machine, filp.of(t)));
      }, 'if it is not a file of VFIO, return -EINVAL');
      r.lock('kv->lock', list.lockOf(dev));
      r.local((t) => {
        if (list.find(t.machine, dev.of(t), filp.of(t)) >= 0) {
          ret.set(t, refuse.listed(t.machine, filp.of(t)));
          t.goto(unlock);
          return;
        }
        world().files.get(t.machine, filp.of(t));
        list.append(t.machine, dev.of(t), filp.of(t));
        const { startAssignment } = world().kvm;
        if (startAssignment) t.call(startAssignment, list.vmOf(t.machine, dev.of(t)));
      }, 'if the file is already in the list, ret = -EEXIST; else append it');
      const setKvm = (t: Task): void => t.call(world().vfio.fileSetKvm, filp.of(t), list.vmOf(t.machine, dev.of(t)));
      if (tellsUnderLock) r.local(setKvm);
      if (!oneRound) r.unlock('kv->lock', list.lockOf(dev));
      if (!tellsUnderLock) {
        r.step('use the entry without kv->lock', (t) => {
          // A DEL of another thread may have freed it in the meantime.
          if (list.find(t.machine, dev.of(t), filp.of(t)) < 0)
            world().monitors.report(t.machine, 'use-after-free', filp.of(t), FREED_OBJECTS.indexOf('kvm-vfio-entry'));
          setKvm(t);
        });
      }
      r.local((t) => t.call(coherency.update, dev.of(t)));
      if (!oneRound) r.local((t) => t.return(0), 'return 0');
      r.at(unlock).unlock('kv->lock', list.lockOf(dev));
      r.local((t) => t.return(ret.of(t)), 'return ret');
    },
  );

  const del = routines.define(
    'kvm_vfio_file_del',
    'virt/kvm/vfio.c',
    ['dev: kvmDevice', 'filp: file'],
    (r, dev, filp) => {
      const ret = r.variable('ret: result', 0);
      const unlock = r.label();
      const notFound = r.label();
      r.lock('kv->lock', list.lockOf(dev));
      r.local((t) => {
        const position = list.find(t.machine, dev.of(t), filp.of(t));
        if (position < 0) {
          ret.set(t, refuse.notListed(t.machine, filp.of(t)));
          t.goto(notFound);
          return;
        }
        spapr?.release(t, dev.of(t), position);
        list.remove(t.machine, dev.of(t), position);
        const { endAssignment } = world().kvm;
        if (endAssignment) t.call(endAssignment, list.vmOf(t.machine, dev.of(t)));
      }, 'look for the file on the list: if it is not there, ret = -ENOENT; else take it off');
      r.local((t) => t.call(world().vfio.fileSetKvm, filp.of(t), NONE));
      r.local((t) => world().files.put(t, filp.of(t)), 'put the reference of the file');
      const oneRound = kernel.has('single-lock-round');
      const update = (): void => void r.local((t) => t.call(coherency.update, dev.of(t)));
      if (!oneRound) {
        r.at(notFound).unlock('kv->lock', list.lockOf(dev));
        update();
        r.local((t) => t.return(ret.of(t)), 'return ret');
      } else {
        // From v7.x on a DEL that finds nothing does not ask.
        if (!kernel.has('del-updates-on-match')) r.at(notFound);
        update();
        if (kernel.has('del-updates-on-match')) r.at(notFound);
        r.at(unlock).unlock('kv->lock', list.lockOf(dev));
        r.local((t) => t.return(ret.of(t)), 'return ret');
      }
    },
  );

  function dropFirst(r: RoutineBuilder, dev: Local<KvmDeviceId>): void {
    const filp = r.variable('filp: file?', NONE);
    r.step('take the first file off the list', (t) => {
      const file = list.at(t.machine, dev.of(t), 0) as FileId;
      filp.set(t, file);
      spapr?.release(t, dev.of(t), 0);
      list.remove(t.machine, dev.of(t), 0);
      t.call(world().vfio.fileSetKvm, file, NONE);
    });
    r.local((t) => {
      world().files.put(t, filp.known(t));
      const { endAssignment } = world().kvm;
      if (endAssignment) t.call(endAssignment, list.vmOf(t.machine, dev.of(t)));
    });
  }

  return { add, del, dropFirst };
}
