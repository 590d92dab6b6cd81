/**
 * kvm_vfio_update_coherency(): asks about each listed entry, in order, until one is not coherent, and tells KVM when the
 * answer has changed. The device contributes at most 1 to the VM's count, however many entries it holds.
 */
import type { Routine } from '../engine/task.ts';
import type { World, WorldBase } from '../world.ts';
import type { List } from './list.ts';

export interface Coherency {
  /** Takes kv->lock itself up to v6.5; from v6.6 on the caller holds it. Local 0: KVM device. */
  readonly update: Routine;
}

const VFIO_DMA_CC_IOMMU = 4;

export function createCoherency(base: WorldBase, world: () => World, list: List): Coherency {
  const { kernel, routines } = base;

  const update = routines.define('kvm_vfio_update_coherency', 'virt/kvm/vfio.c', (r) => {
    r.takes('dev: kvmDevice', 'position: number', 'noncoherent: truth');
    const ownLock = !kernel.has('single-lock-round');
    const loop = r.label();
    const told = r.label();
    if (ownLock) r.lock('kv->lock', list.lockOf);
    if (!kernel.has('dma-cc-iommu')) {
      // v3.13, v3.14: nobody is asked; any group may be non-coherent.
      r.local((t) => t.set(2, list.at(t.machine, t.get(0), 0) >= 0 ? 1 : 0));
    } else {
      const asked = r.label();
      r.at(loop).local((t) => {
        const entry = list.at(t.machine, t.get(0), t.get(1));
        if (entry < 0) t.goto(asked);
        else if (kernel.has('file-identity')) t.call(world().vfio.fileEnforcedCoherent, entry);
        else t.call(world().vfio.externalCheckExtension, entry, VFIO_DMA_CC_IOMMU);
      });
      r.local((t) => {
        if (t.value <= 0) {
          t.set(2, 1);
          return;
        }
        t.set(1, t.get(1) + 1);
        t.goto(loop);
      });
      r.at(asked).local((t) => t.set(1, 0));
    }
    r.step('compare with what KVM was told', (t) => {
      const slot = list.noncoherent.base + t.get(0);
      const found = t.get(2);
      if (t.machine.state[slot] === found) {
        t.goto(told);
        return;
      }
      t.machine.put(slot, found);
      const { kvm } = world();
      t.call(found === 1 ? kvm.registerNoncoherentDma : kvm.unregisterNoncoherentDma, list.vmOf(t.machine, t.get(0)));
    });
    r.at(told);
    if (ownLock) r.unlock('kv->lock', list.lockOf);
    r.local((t) => t.return(0));
  });

  return { update };
}
