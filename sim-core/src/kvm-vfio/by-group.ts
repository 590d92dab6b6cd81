/**
 * ADD and DEL up to v5.18: the list holds groups. A listed group counts as a user of its container, so user space cannot
 * take it out while KVM has it.
 */
import type { Label, RoutineBuilder, Task } from '../engine/task.ts';
import { E } from '../kernel/errno.ts';
import type { World, WorldBase } from '../world.ts';
import type { Coherency } from './coherency.ts';
import type { Change } from './device-ops.ts';
import type { List } from './list.ts';

export function createByGroup(base: WorldBase, world: () => World, list: List, coherency: Coherency): Change {
  const { kernel, routines } = base;

  // The group is local 2 of all three, one higher: 0 is none.
  const groupOf = (t: Task): number => t.get(2) - 1;

  function takeGroup(r: RoutineBuilder, out: Label): void {
    // linux: drivers/vfio/vfio.c vfio_group_get_external_user(): needs a container with a driver, and viability.
    r.step('take the group as an external user', (t) => t.call(world().vfio.groupGetExternalUser, t.get(1)));
    r.local((t) => {
      const group = t.value;
      if (group >= 0) {
        t.set(2, group + 1);
        return;
      }
      t.set(3, group);
      t.goto(out);
    });
  }

  const add = routines.define('kvm_vfio_set_group', 'virt/kvm/vfio.c', (r) => {
    r.takes('dev: kvmDevice', 'filp: file', 'vfio_group: group?', 'ret: result');
    const out = r.label();
    const duplicate = r.label();
    takeGroup(r, out);
    r.lock('kv->lock', list.lockOf);
    r.local((t) => {
      if (list.find(t.machine, t.get(0), groupOf(t)) >= 0) {
        t.goto(duplicate);
        return;
      }
      list.append(t.machine, t.get(0), groupOf(t));
      const { startAssignment } = world().kvm;
      if (startAssignment) t.call(startAssignment);
    });
    r.unlock('kv->lock', list.lockOf);
    if (kernel.has('group-set-kvm')) {
      r.local((t) => t.call(world().vfio.groupSetKvm, groupOf(t), list.vmOf(t.machine, t.get(0)) + 1));
    }
    r.local((t) => t.call(coherency.update, t.get(0)));
    r.at(out).local((t) => t.return(t.get(3)));
    r.at(duplicate).unlock('kv->lock', list.lockOf);
    r.local((t) => t.call(world().vfio.groupPutExternalUser, groupOf(t)));
    r.local((t) => t.return(E.EXIST));
  });

  const del = routines.define('kvm_vfio_set_group', 'virt/kvm/vfio.c', (r) => {
    r.takes('dev: kvmDevice', 'filp: file', 'vfio_group: group?', 'ret: result');
    const out = r.label();
    const unlock = r.label();
    const matchesFile = kernel.has('external-group-match');
    r.local((t) => t.set(3, E.NOENT));
    // Up to v4.12 the group has to pass the whole validation again: one that lost viability cannot be removed.
    if (!matchesFile) takeGroup(r, out);
    r.lock('kv->lock', list.lockOf);
    r.local((t) => {
      const { machine } = t;
      const match = (group: number): boolean =>
        matchesFile ? world().vfio.externalGroupMatchFile(machine, group, t.get(1)) : group === groupOf(t);
      const position = list.all(machine, t.get(0)).findIndex(match);
      if (position < 0) {
        t.goto(unlock);
        return;
      }
      t.set(2, list.at(machine, t.get(0), position) + 1);
      t.set(3, 0);
      list.remove(machine, t.get(0), position);
      const { endAssignment } = world().kvm;
      if (endAssignment) t.call(endAssignment);
    });
    if (kernel.has('group-set-kvm')) r.local((t) => t.call(world().vfio.groupSetKvm, groupOf(t), 0));
    r.local((t) => t.call(world().vfio.groupPutExternalUser, groupOf(t)));
    r.at(unlock).unlock('kv->lock', list.lockOf);
    if (!matchesFile) r.local((t) => t.call(world().vfio.groupPutExternalUser, groupOf(t)));
    // Coherency is asked again also when nothing was found.
    r.local((t) => t.call(coherency.update, t.get(0)));
    r.at(out).local((t) => t.return(t.get(3)));
  });

  function dropFirst(r: RoutineBuilder): void {
    r.step('take the first group off the list', (t) => {
      const group = list.at(t.machine, t.get(0), 0);
      t.set(2, group + 1);
      list.remove(t.machine, t.get(0), 0);
      if (kernel.has('group-set-kvm')) t.call(world().vfio.groupSetKvm, group, 0);
    });
    r.local((t) => t.call(world().vfio.groupPutExternalUser, groupOf(t)));
    r.local((t) => {
      const { endAssignment } = world().kvm;
      if (endAssignment) t.call(endAssignment);
    });
  }

  return { add, del, dropFirst };
}
