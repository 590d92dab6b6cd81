/**
 * KVM_DEV_VFIO_GROUP_SET_SPAPR_TCE: binds a TCE table of the VM to a listed group, on POWER, so that KVM itself can write
 * what the guest maps. Only the checks and their errnos are modelled; nothing of it was measured.
 *
 * ENOMEM is left out, and so is ENOTTY (a binding that is being destroyed): every caller holds kv->lock and the file of
 * the table, so that by our own reading nothing can return it.
 * Sources: linux virt/kvm/vfio.c kvm_vfio_file_set_spapr_tce(), arch/powerpc/kvm/book3s_64_vio.c
 * kvm_spapr_tce_attach_iommu_group().
 */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { KERNEL_WARNINGS, type KernelWarning } from '../state/event.ts';
import { type FileId, type GroupId, type KvmDeviceId, NONE, type None } from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';
import type { Entry, List } from './list.ts';

export interface Spapr {
  /** kvm_vfio_file_set_spapr_tce(). Returns 0 or -errno. */
  readonly setTce: Routine<[dev: KvmDeviceId]>;
  /** kvm_spapr_tce_release_vfio_group(), before the entry at a position leaves the list. */
  release(task: Task, dev: KvmDeviceId, position: number): void;
}

/** Undefined where KVM is built without it. */
export function createSpapr(base: WorldBase, world: () => World, list: List<Entry>): Spapr | undefined {
  const { kernel, routines, topology } = base;
  if (topology.cpu.vendor !== 'power' || !kernel.has('spapr-tce')) return undefined;
  const byFile = kernel.has('file-identity');

  const refuse = base.refusals.add({
    notListed: [E.NOENT, 'no entry for the group in the list'],
    noIommuGroup: [E.IO, '{} without an IOMMU group: it is the file of a device', 'file'],
    notATable: [E.INVAL, '{} instead of a TCE table of this VM', 'file'],
    noTableGroup: [E.FAULT, 'no TCE tables for {}', 'group'],
    window: [E.INVAL, 'no hardware table of {} that holds the window of the TCE table', 'group'],
  });

  const warn = (t: Task, warning: KernelWarning): void =>
    world().monitors.report(t.machine, 'kernel-warning', t.actor, KERNEL_WARNINGS.indexOf(warning));

  const tceTable = (t: Task, name: 'groupfd' | 'tablefd'): number | undefined =>
    argument(t, 2).fields?.get('addr')?.fields?.get(name)?.int(t);

  /** kvm_spapr_tce_attach_iommu_group(), in the step that runs it. */
  function attach(t: Task, dev: KvmDeviceId, group: GroupId): number {
    const { files, kvm } = world();
    const fd = tceTable(t, 'tablefd') ?? NONE;
    const table = files.fget(t, fd);
    if (table === NONE) return files.refuse.descriptor(t, fd);
    const own = files.kindOf(t.machine, table) === 'spapr-tce';
    if (!own || !kvm.tceTables.isOf(t.machine, table, list.vmOf(t.machine, dev)))
      return refuse.notATable(t.machine, table);
    const translated = topology.groups[group]?.devices.some(
      (device) => topology.iommus[topology.devices[device]?.iommu ?? NONE]?.driver === 'spapr',
    );
    if (!translated) {
      warn(t, 'no-table-group');
      return refuse.noTableGroup(t.machine, group);
    }
    return kvm.tceTables.fits(t.machine, table) ? 0 : refuse.window(t.machine, group);
  }

  const setTce = routines.define(
    byFile ? 'kvm_vfio_file_set_spapr_tce' : 'kvm_vfio_set_group',
    'virt/kvm/vfio.c',
    ['dev: kvmDevice'],
    (r, dev) => {
      const filp = r.variable('filp: file?', NONE);
      const group = r.variable('group: group?', NONE);
      const ret = r.variable('ret: result', 0);
      const put = r.label();
      r.step('read both descriptors and look the group up', (t) => {
        const { files, vfio } = world();
        const fd = tceTable(t, 'groupfd');
        if (fd === undefined) return t.return(files.refuse.unreadable(t.machine));
        const file = files.fget(t, fd);
        if (file === NONE) return t.return(files.refuse.descriptor(t, fd));
        files.get(t.machine, file);
        filp.set(t, file);
        return byFile ? undefined : t.call(vfio.groupGetExternalUser, file);
      });
      if (!byFile) {
        r.local((t) => {
          if (t.value >= 0) return group.set(t, t.value as GroupId);
          ret.set(t, t.value);
          return t.goto(put);
        }, 'if it is not a group that can be used, return its errno');
      }
      r.lock('kv->lock', list.lockOf(dev));
      r.local(
        (t) => ret.set(t, bind(t, dev.of(t), filp.known(t), group.of(t))),
        'find the entry and bind the table to it',
      );
      r.unlock('kv->lock', list.lockOf(dev));
      if (!byFile) r.local((t) => t.call(world().vfio.groupPutExternalUser, group.known(t)));
      r.at(put).local((t) => {
        world().files.put(t, filp.known(t));
        t.return(ret.of(t));
      });
    },
  );

  function bind(t: Task, dev: KvmDeviceId, file: FileId, group: GroupId | None): number {
    const position = list.find(t.machine, dev, byFile ? file : (group as GroupId));
    if (position < 0) return refuse.notListed(t.machine);
    const found = byFile ? world().vfio.fileIommuGroup(t.machine, file) : group;
    if (found === NONE) {
      warn(t, 'no-iommu-group');
      return refuse.noIommuGroup(t.machine, file);
    }
    list.keepGroup?.(t.machine, dev, position);
    return attach(t, dev, found as GroupId);
  }

  return {
    setTce,
    release(t, dev, position) {
      if (list.keepsGroup && !list.keepsGroup(t.machine, dev, position)) warn(t, 'no-iommu-group');
    },
  };
}
