/** Why a store that the guest meant to be uncached went into a cache. */
import { changeById } from '../../kernel/changes.ts';
import { LEAF, leafType } from '../../kvm/mmu.ts';
import { QUIRK } from '../../kvm/quirks.ts';
import { memtypeName } from '../../memory/memtype.ts';
import type { Source } from '../../ops/op.ts';
import type { History } from '../history.ts';
import { whyCoherent } from './belief.ts';
import { guestTypes } from './guest-type.ts';
import { type Link, memtypeSource } from './link.ts';

const quirkSource: Source = { document: 'linux', place: 'Documentation/virt/kvm/api.rst KVM_CAP_DISABLE_QUIRKS2' };

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
  const byMtrr = ipat ? undefined : guestMtrrLink(history, write, word);
  return [...links, ...(byMtrr ? [byMtrr] : whyLeaf(history, write, vcpu, vm, { made, ipat }))];
}

/** What decided about a leaf: the quirk, CR0.CD, the kernel that ignores guest types, or what KVM believed of DMA. */
function whyLeaf(
  history: History,
  write: number,
  vcpu: number,
  vm: number,
  { made, ipat }: { readonly made: number; readonly ipat: boolean },
): Link[] {
  const { kvm, topology } = history.model.world;
  const cacheDisabled = history.valueAt(kvm.mmu.cacheDisable.base + vcpu, write) !== 0;
  if (topology.cpu.vendor !== 'intel') {
    if (cacheDisabled) return [cacheDisableLink(history, write, vcpu)];
    return ipat ? whyCoherent(history, write, vm) : [];
  }
  const quirkOff = history.lastChangeWhere(
    kvm.quirks.disabled.base + vm,
    write,
    (old, value) => (old & QUIRK.ignoreGuestPat) === 0 && (value & QUIRK.ignoreGuestPat) !== 0,
  );
  if (ipat && quirkOff > made && history.hasChange('guest-pat-quirk')) {
    return [
      {
        event: made,
        text: 'When the leaf was made, the quirk KVM_X86_QUIRK_IGNORE_GUEST_PAT was on and no non-coherent DMA was counted: that gives IPAT.',
        sources: [quirkSource, memtypeSource],
      },
      {
        event: quirkOff,
        text: `The quirk is disabled at ${history.placeText(quirkOff)}, after the guest had touched the page: KVM_ENABLE_CAP sets a bit and zaps nothing, so the leaf stays.`,
        sources: [{ document: 'linux', place: 'arch/x86/kvm/x86.c kvm_vm_ioctl_enable_cap()' }],
      },
    ];
  }
  if (!ipat && cacheDisabled) return [cacheDisableLink(history, write, vcpu)];
  const now = history.valueAt(kvm.noncoherentDmaCount.base + vm, write);
  const then = history.valueAt(kvm.noncoherentDmaCount.base + vm, made);
  const maker = history.valueAt(kvm.actorVcpu.base + history.actorOf(made), made) - 1;
  // With non-coherent DMA it is the quirk of CR0.CD that ignores the guest's type.
  if (ipat && then > 0 && maker >= 0 && history.valueAt(kvm.mmu.cacheDisable.base + maker, made) !== 0)
    return [cacheDisableLink(history, made, maker)];
  if (now > 0 && then === 0 && ipat && !history.hasChange('zap-on-noncoherent-change'))
    return [leftLeaf(history, write, vm)];
  if (now > 0 || !ipat) return [];
  const quirk: Link[] = history.hasChange('guest-pat-quirk')
    ? [
        {
          event: made,
          text: 'The quirk KVM_X86_QUIRK_IGNORE_GUEST_PAT is on: without non-coherent DMA the guest PAT is ignored.',
          sources: [quirkSource],
        },
      ]
    : [];
  return [...quirk, ...whyCoherent(history, write, vm)];
}

/** The guest's MTRRs ask for another type than WB, and the leaf does not follow them. */
function guestMtrrLink(history: History, write: number, word: number): Link | undefined {
  const { topology } = history.model.world;
  const types = guestTypes(history, write, word);
  if (!types || types.byMtrr === 'WB') return undefined;
  const { byMtrr, byMtrrInKvm, written } = types;
  const where = written < 0 ? '' : ` (${history.placeText(written)})`;
  const asked = `The guest's MTRRs make the page ${byMtrr}${where}`;
  const change = changeById.get('guest-mtrr-ignored');
  if (topology.cpu.vendor !== 'intel' || !topology.cpu.twoDimensionalPaging)
    return { event: written, text: `${asked}; KVM follows them in EPT leaves only.`, sources: [memtypeSource] };
  if (history.hasChange('guest-mtrr-ignored')) {
    return {
      event: written,
      text: `${asked}; ${history.kernelName()} does not look at them when it chooses a memory type, as no kernel does since ${change?.first} (${change?.commit} "${change?.subject}").`,
      sources: [{ document: 'linux', place: `${change?.commit} ${change?.subject}` }],
    };
  }
  if (byMtrrInKvm === byMtrr) return undefined;
  return {
    event: written,
    text: `${asked}; KVM reads ${byMtrrInKvm} in them: it treats a variable range as contiguous, and of ranges that overlap it looks at the one with the highest base first.`,
    sources: [{ document: 'linux', place: 'arch/x86/kvm/mtrr.c var_mtrr_range(), mtrr_lookup_start()' }],
  };
}

function cacheDisableLink(history: History, write: number, vcpu: number): Link {
  const set = history.lastChangeWhere(
    history.model.world.kvm.mmu.cacheDisable.base + vcpu,
    write,
    (_old, value) => value !== 0,
  );
  const svm = history.model.world.topology.cpu.vendor === 'amd';
  const why = svm
    ? 'with the quirk KVM_X86_QUIRK_CD_NW_CLEARED SVM clears the bit, and the vCPU runs with its caches on'
    : history.hasChange('guest-mtrr-ignored')
      ? `${history.kernelName()} does not look at CR0.CD when it chooses a memory type`
      : 'the quirk KVM_X86_QUIRK_CD_NW_CLEARED makes the page write-back all the same';
  return {
    event: set,
    text: `The guest has set CR0.CD (${history.placeText(set)}), so its stores must not be cached; ${why}.`,
    sources: [
      { document: 'Intel SDM', place: 'volume 3, "Preventing Caching"' },
      svm ? { document: 'linux', place: 'arch/x86/kvm/svm/svm.c svm_set_cr0()' } : memtypeSource,
    ],
  };
}

/** Leaves of the time before the device, on a kernel that does not zap them. */
function leftLeaf(history: History, write: number, vm: number): Link {
  const change = changeById.get('zap-on-noncoherent-change');
  const registered = history.lastChangeWhere(
    history.model.world.kvm.noncoherentDmaCount.base + vm,
    write,
    (old, value) => old === 0 && value > 0,
  );
  return {
    event: registered,
    text: `The first non-coherent device came at ${history.placeText(registered)}, but this kernel leaves the leaves that are there. ${change?.first} zaps them (${change?.commit} "${change?.subject}").`,
    sources: [{ document: 'linux', place: `${change?.commit} ${change?.subject}` }],
  };
}

function countAtText(history: History, event: number, vm: number): string {
  const count = history.valueAt(history.model.world.kvm.noncoherentDmaCount.base + vm, event);
  return count === 0 ? ', when the VM counted no non-coherent DMA' : ', with non-coherent DMA registered';
}
