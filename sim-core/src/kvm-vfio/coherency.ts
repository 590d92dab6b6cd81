/**
 * kvm_vfio_update_coherency(): asks about each listed entry, in order, until one is not coherent, and tells KVM when the
 * answer has changed. The device contributes at most 1 to the VM's count, however many entries it holds.
 */
import type { Routine } from '../engine/routine.ts';
import { type FileId, type GroupId, type KvmDeviceId, NONE } from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';
import type { Entry, List } from './list.ts';

export interface Coherency {
  /** Takes kv->lock itself up to v6.5; from v6.6 on the caller holds it. */
  readonly update: Routine<[dev: KvmDeviceId]>;
}

const VFIO_DMA_CC_IOMMU = 4;

export function createCoherency(base: WorldBase, world: () => World, list: List<Entry>): Coherency {
  const { kernel, routines } = base;

  const update = routines.define('kvm_vfio_update_coherency', 'virt/kvm/vfio.c', ['dev: kvmDevice'], (r, dev) => {
    const position = r.variable('position: number', 0);
    const noncoherent = r.variable('noncoherent: truth', 0);
    const ownLock = !kernel.has('single-lock-round');
    const loop = r.label();
    const told = r.label();
    if (ownLock) r.lock('kv->lock', list.lockOf(dev));
    if (!kernel.has('dma-cc-iommu')) {
      // v3.13, v3.14: no driver is asked; any group may be non-coherent.
      r.local((t) => noncoherent.set(t, list.at(t.machine, dev.of(t), 0) === NONE ? 0 : 1));
    } else {
      const asked = r.label();
      r.at(loop).local((t) => {
        const entry = list.at(t.machine, dev.of(t), position.of(t));
        if (entry === NONE) t.goto(asked);
        else if (kernel.has('file-identity')) t.call(world().vfio.fileEnforcedCoherent, entry as FileId);
        else t.call(world().vfio.externalCheckExtension, entry as GroupId, VFIO_DMA_CC_IOMMU);
      }, 'ask about the next entry of the list, if there is one');
      r.local((t) => {
        if (t.value <= 0) {
          noncoherent.set(t, 1);
          return;
        }
        position.set(t, position.of(t) + 1);
        t.goto(loop);
      }, 'if it is not coherent, noncoherent = true and no other is asked');
      r.at(asked).local((t) => position.set(t, 0));
    }
    r.step('compare with what KVM was told', (t) => {
      const slot = list.noncoherent.base + dev.of(t);
      const found = noncoherent.of(t);
      if (t.machine.state[slot] === found) {
        t.goto(told);
        return;
      }
      t.machine.put(slot, found);
      const { kvm } = world();
      t.call(found === 1 ? kvm.registerNoncoherentDma : kvm.unregisterNoncoherentDma, list.vmOf(t.machine, dev.of(t)));
    });
    r.at(told);
    if (ownLock) r.unlock('kv->lock', list.lockOf(dev));
    r.local((t) => t.return(0));
  });

  return { update };
}
