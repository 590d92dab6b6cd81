/**
 * ADD and DEL from v5.19 on: the list holds open files. KVM keeps the file open, but no longer pins its container.
 */
import type { RoutineBuilder, Task } from '../engine/task.ts';
import { E } from '../kernel/errno.ts';
import type { World, WorldBase } from '../world.ts';
import type { Coherency } from './coherency.ts';
import type { Change } from './device-ops.ts';
import type { List } from './list.ts';

export function createByFile(base: WorldBase, world: () => World, list: List, coherency: Coherency): Change {
  const { kernel, routines } = base;
  const oneRound = kernel.has('single-lock-round');
  const suffix = kernel.has('file-add-device-files') ? 'file' : 'group';

  const add = routines.define(`kvm_vfio_${suffix}_add`, 'virt/kvm/vfio.c', (r) => {
    r.takes('dev: kvmDevice', 'filp: file').keeps(3, 'ret: result');
    const unlock = r.label();
    r.local((t) => {
      const { vfio } = world();
      const known = kernel.has('file-add-device-files')
        ? vfio.fileIsValid(t.machine, t.get(1))
        : vfio.fileIsGroup(t.machine, t.get(1));
      if (!known) t.return(E.INVAL);
    });
    r.lock('kv->lock', list.lockOf);
    r.local((t) => {
      if (list.find(t.machine, t.get(0), t.get(1)) >= 0) {
        t.set(3, E.EXIST);
        t.goto(unlock);
        return;
      }
      world().files.get(t.machine, t.get(1));
      list.append(t.machine, t.get(0), t.get(1));
      const { startAssignment } = world().kvm;
      if (startAssignment) t.call(startAssignment);
    });
    const setKvm = (t: Task): void => t.call(world().vfio.fileSetKvm, t.get(1), list.vmOf(t.machine, t.get(0)) + 1);
    if (oneRound) r.local(setKvm);
    else {
      r.unlock('kv->lock', list.lockOf);
      r.step('use the entry without kv->lock', (t) => {
        // A DEL of another thread may have freed it in the meantime.
        if (list.find(t.machine, t.get(0), t.get(1)) < 0)
          world().monitors.report(t.machine, 'use-after-free', t.get(1), 0);
        setKvm(t);
      });
    }
    r.local((t) => t.call(coherency.update, t.get(0)));
    if (!oneRound) r.local((t) => t.return(0));
    r.at(unlock).unlock('kv->lock', list.lockOf);
    r.local((t) => t.return(t.get(3)));
  });

  const del = routines.define(`kvm_vfio_${suffix}_del`, 'virt/kvm/vfio.c', (r) => {
    r.takes('dev: kvmDevice', 'filp: file').keeps(3, 'ret: result');
    const unlock = r.label();
    const notFound = r.label();
    r.lock('kv->lock', list.lockOf);
    r.local((t) => {
      const position = list.find(t.machine, t.get(0), t.get(1));
      if (position < 0) {
        t.set(3, E.NOENT);
        t.goto(notFound);
        return;
      }
      list.remove(t.machine, t.get(0), position);
      const { endAssignment } = world().kvm;
      if (endAssignment) t.call(endAssignment);
    });
    r.local((t) => t.call(world().vfio.fileSetKvm, t.get(1), 0));
    r.local((t) => world().files.put(t, t.get(1)));
    const update = (): void => void r.local((t) => t.call(coherency.update, t.get(0)));
    if (!oneRound) {
      r.at(notFound).unlock('kv->lock', list.lockOf);
      update();
      r.local((t) => t.return(t.get(3)));
    } else {
      // From v7.x on a DEL that finds nothing asks nobody.
      if (!kernel.has('del-updates-on-match')) r.at(notFound);
      update();
      if (kernel.has('del-updates-on-match')) r.at(notFound);
      r.at(unlock).unlock('kv->lock', list.lockOf);
      r.local((t) => t.return(t.get(3)));
    }
  });

  function dropFirst(r: RoutineBuilder): void {
    r.step('take the first file off the list', (t) => {
      const file = list.at(t.machine, t.get(0), 0);
      t.set(2, file + 1);
      list.remove(t.machine, t.get(0), 0);
      t.call(world().vfio.fileSetKvm, file, 0);
    });
    r.local((t) => {
      world().files.put(t, t.get(2) - 1);
      const { endAssignment } = world().kvm;
      if (endAssignment) t.call(endAssignment);
    });
  }

  return { add, del, dropFirst };
}
