/**
 * ADD and DEL up to v5.18: the list holds groups. A listed group counts as a user of its container, so user space cannot
 * take it out while KVM has it.
 */
import type { Label, Local, RoutineBuilder } from '../engine/routine.ts';
import { E } from '../kernel/errno.ts';
import { type FileId, type GroupId, type KvmDeviceId, NONE, type None } from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';
import type { Coherency } from './coherency.ts';
import type { ListOps } from './device-ops.ts';
import type { List } from './list.ts';

/** The locals of both calls that `takeGroup` sets. */
interface Taken {
  readonly filp: Local<FileId>;
  readonly group: Local<GroupId | None>;
  readonly ret: Local;
}

export function createByGroup(base: WorldBase, world: () => World, list: List<GroupId>, coherency: Coherency): ListOps {
  const { kernel, routines } = base;

  const refuse = base.refusals.add({
    listed: [E.EXIST, '{} already in the list', 'group'],
    notListed: [E.NOENT, 'no entry for {} in the list', 'file'],
  });

  function takeGroup(r: RoutineBuilder, { filp, group, ret }: Taken, out: Label): void {
    // linux: drivers/vfio/vfio.c vfio_group_get_external_user(): needs a container with a driver, and viability.
    r.step('take the group as an external user', (t) => t.call(world().vfio.groupGetExternalUser, filp.of(t)));
    r.local((t) => {
      if (t.value >= 0) {
        group.set(t, t.value as GroupId);
        return;
      }
      ret.set(t, t.value);
      t.goto(out);
    }, 'if it is not one, return its errno');
  }

  /** Appends the step that gives the group back. */
  function putGroup(r: RoutineBuilder, group: Local<GroupId | None>): void {
    r.local((t) => t.call(world().vfio.groupPutExternalUser, group.known(t)));
  }

  const add = routines.define(
    'kvm_vfio_set_group',
    'virt/kvm/vfio.c',
    ['dev: kvmDevice', 'filp: file'],
    (r, dev, filp) => {
      const group = r.variable('vfio_group: group?', NONE);
      const ret = r.variable('ret: result', 0);
      const out = r.label();
      const duplicate = r.label();
      takeGroup(r, { filp, group, ret }, out);
      r.lock('kv->lock', list.lockOf(dev));
      r.local((t) => {
        const taken = group.known(t);
        if (list.find(t.machine, dev.of(t), taken) >= 0) {
          refuse.listed(t.machine, taken);
          t.goto(duplicate);
          return;
        }
        list.append(t.machine, dev.of(t), taken);
        const { startAssignment } = world().kvm;
        if (startAssignment) t.call(startAssignment, list.vmOf(t.machine, dev.of(t)));
      }, 'if the group is already in the list, release it; else append it');
      r.unlock('kv->lock', list.lockOf(dev));
      if (kernel.has('group-set-kvm')) {
        r.local((t) => {
          t.call(world().vfio.groupSetKvm, group.known(t), list.vmOf(t.machine, dev.of(t)));
        });
      }
      r.local((t) => t.call(coherency.update, dev.of(t)));
      r.at(out).local((t) => t.return(ret.of(t)), 'return ret');
      r.at(duplicate).unlock('kv->lock', list.lockOf(dev));
      putGroup(r, group);
      r.local((t) => t.return(refuse.listed.errno), 'return -EEXIST');
    },
    'kernel',
    'KVM_DEV_VFIO_GROUP_ADD',
  );

  const del = routines.define(
    'kvm_vfio_set_group',
    'virt/kvm/vfio.c',
    ['dev: kvmDevice', 'filp: file'],
    (r, dev, filp) => {
      const group = r.variable('vfio_group: group?', NONE);
      const ret = r.variable('ret: result', 0);
      const out = r.label();
      const unlock = r.label();
      const matchesFile = kernel.has('external-group-match');
      r.local((t) => ret.set(t, refuse.notListed.errno), 'ret = -ENOENT');
      // Up to v4.12 the group has to pass the whole validation again: one that lost viability cannot be removed.
      if (!matchesFile) takeGroup(r, { filp, group, ret }, out);
      r.lock('kv->lock', list.lockOf(dev));
      r.local((t) => {
        const { machine } = t;
        const match = (listed: GroupId): boolean =>
          matchesFile ? world().vfio.externalGroupMatchFile(machine, listed, filp.of(t)) : listed === group.of(t);
        const position = list.all(machine, dev.of(t)).findIndex(match);
        if (position < 0) {
          refuse.notListed(machine, filp.of(t));
          t.goto(unlock);
          return;
        }
        group.set(t, list.at(machine, dev.of(t), position));
        ret.set(t, 0);
        list.remove(machine, dev.of(t), position);
        const { endAssignment } = world().kvm;
        if (endAssignment) t.call(endAssignment, list.vmOf(t.machine, dev.of(t)));
      }, 'look for the group on the list: if it is there, take it off, ret = 0; else unlock');
      if (kernel.has('group-set-kvm')) r.local((t) => t.call(world().vfio.groupSetKvm, group.known(t), NONE));
      putGroup(r, group);
      r.at(unlock).unlock('kv->lock', list.lockOf(dev));
      if (!matchesFile) putGroup(r, group);
      // Coherency is asked again also when nothing was found.
      r.local((t) => t.call(coherency.update, dev.of(t)));
      r.at(out).local((t) => t.return(ret.of(t)), 'return ret');
    },
    'kernel',
    'KVM_DEV_VFIO_GROUP_DEL',
  );

  function dropFirst(r: RoutineBuilder, dev: Local<KvmDeviceId>): void {
    const group = r.variable('vfio_group: group?', NONE);
    r.step('take the first group off the list', (t) => {
      const first = list.at(t.machine, dev.of(t), 0) as GroupId;
      group.set(t, first);
      list.remove(t.machine, dev.of(t), 0);
      if (kernel.has('group-set-kvm')) t.call(world().vfio.groupSetKvm, first, NONE);
    });
    putGroup(r, group);
    r.local((t) => {
      const { endAssignment } = world().kvm;
      if (endAssignment) t.call(endAssignment, list.vmOf(t.machine, dev.of(t)));
    });
  }

  return { add, del, dropFirst };
}
