/** Why a store that the guest meant to be uncached went into a cache. */
import { changeById } from '../../kernel/changes.ts';
import { LEAF, leafType } from '../../kvm/mmu.ts';
import { memtypeName } from '../../memory/memtype.ts';
import type { History } from '../history.ts';
import { whyCoherent } from './belief.ts';
import { type Link, memtypeSource } from './link.ts';

/** A store that the guest meant to be uncached went into a cache. */
export function missedUncached(history: History, write: number, word: number): Link[] {
  const { kvm, topology } = history.model.world;
  const actor = history.actorOf(write);
  const vcpu = history.valueAt(kvm.actorVcpu.base + actor, write) - 1;
  if (vcpu < 0) return [];
  const vm = history.valueAt(kvm.vcpuVm.base + vcpu, write) - 1;
  const slot = kvm.leaf.base + vm * topology.pages.length + (topology.words[word]?.page as number);
  const leaf = history.valueAt(slot, write);
  if ((leaf & LEAF.present) === 0) return [];
  const made = history.lastChange(slot, write, leaf);
  const type = memtypeName(leafType(leaf));
  const ipat = (leaf & LEAF.ipat) !== 0;
  const links: Link[] = [
    {
      event: made,
      text: `The page's leaf is ${type}${ipat ? ' with IPAT: the type that the guest chose is ignored' : ''}; it was installed at ${history.placeText(made)}${countAtText(history, made, vm)}.`,
      sources: [memtypeSource],
    },
  ];
  const now = history.valueAt(kvm.noncoherentDmaCount.base + vm, write);
  if (now > 0 && ipat && !history.model.world.kernel.has('zap-on-noncoherent-change')) {
    const change = changeById.get('zap-on-noncoherent-change');
    const registered = history.lastChangeWhere(
      kvm.noncoherentDmaCount.base + vm,
      write,
      (old, value) => old === 0 && value > 0,
    );
    links.push({
      event: registered,
      text: `The first non-coherent device came at ${history.placeText(registered)}, but this kernel leaves the leaves that are there. ${change?.first} zaps them (${change?.commit} "${change?.subject}").`,
      sources: [{ document: 'linux', place: `${change?.commit} ${change?.subject}` }],
    });
  } else if (now === 0) links.push(...whyCoherent(history, write, vm));
  return links;
}

function countAtText(history: History, event: number, vm: number): string {
  const count = history.valueAt(history.model.world.kvm.noncoherentDmaCount.base + vm, event);
  return count === 0 ? ', when the VM counted no non-coherent DMA' : ', with non-coherent DMA registered';
}
