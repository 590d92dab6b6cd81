/**
 * Second-stage page tables: when a leaf is made, which memory type it carries, when it is zapped.
 *
 * The real thing: the first access of a guest to a page faults; KVM installs a leaf whose memory type comes from a
 * policy that has changed often (`vmx_get_mt_mask`). The leaf stays until something zaps it, so a policy that changes
 * its mind needs a zap. On AMD the leaf is always WB and the guest's PAT decides alone.
 *
 * Modelled: one leaf per VM and page of the scenario, its type and IPAT, the policy of each kernel, zaps of all or of
 * one page, guest MTRRs as far as they say a type for a page. Left out: huge pages, shadow paging's own table, MMIO
 * pages other than reserved ranges, access bits, the TLB (a zap flushes it at once).
 *
 * Sources: linux arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask(), arch/x86/kvm/mtrr.c, arch/x86/kvm/mmu/mmu.c
 * kvm_zap_gfn_range(); Intel SDM volume 3, "EPT and memory typing".
 */
import type { Routine } from '../engine/routine.ts';
import { combine, MEMTYPE } from '../memory/memtype.ts';
import { EXIT_REASONS, ZAP_REASONS, type ZapReason } from '../state/event.ts';
import { knownId, type PageId, type VcpuId, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { createMtrr, type Mtrr } from './mtrr.ts';
import type { HasNoncoherentDma } from './wbinvd.ts';

/** A leaf in a slot: 0 when there is none, else 1 + memory type + IPAT. */
export const LEAF = { present: 1, typeShift: 1, ipat: 16 } as const;

/**
 * What a guest's choice becomes while SVM ignores its PAT: the guest picks an index of the PAT that Linux programs
 * (WB WC UC- UC, WB WP UC- WT), the hardware looks it up in the power-on one (WB WT UC- UC, twice). By type encoding.
 */
const POWER_ON_PAT: readonly number[] = [
  MEMTYPE.UC,
  MEMTYPE.WT,
  0,
  0,
  MEMTYPE.UC,
  MEMTYPE.WT,
  MEMTYPE.WB,
  MEMTYPE['UC-'],
];

export function leafType(leaf: number): number {
  return (leaf >> LEAF.typeShift) & 7;
}

export interface Mmu {
  /** Per VM and page: see {@link LEAF}. */
  readonly leaf: Field;
  /** Per VM and page: the type that the guest's page tables and PAT give the page; the guest's own choice. */
  readonly guestPat: Field;
  /** What the guest's MTRRs say. */
  readonly mtrr: Mtrr;
  /** Per vCPU object: guest CR0.CD. */
  readonly cacheDisable: Field;
  /** The page fault of a guest access. */
  readonly pageFault: Routine<[vcpu: VcpuId, gfn: PageId]>;
  /** Zaps all leaves of a VM. The reason is an index into ZAP_REASONS. */
  readonly zapGfnRange: Routine<[kvm: VmId, reason: number]>;
  /** The type of a guest access through the leaf that is there. The leaf must be present. */
  effectiveType(machine: Machine, vm: VmId, page: PageId): number;
  /** The same of a state that belongs to no machine: a final state, a cursor's. */
  effectiveTypeIn(state: Int32Array, vm: VmId, page: PageId): number;
  /** The type that the guest alone would have: its MTRRs and PAT on bare metal. */
  guestType(machine: Machine, vcpu: VcpuId, vm: VmId, page: PageId): number;
  /** Does a change of the guest's cache control zap leaves in this VM now? */
  zapsForMtrr(machine: Machine, vm: VmId): boolean;
  zapsForCacheDisable(machine: Machine, vm: VmId): boolean;
  /** Zaps one page at once. */
  zapPage(machine: Machine, vm: VmId, page: PageId, reason: ZapReason): void;
  /** Clears what belongs to a VM that is gone. */
  forgetVm(machine: Machine, vm: VmId): void;
  /** Clears what belongs to a vCPU that is gone. */
  forgetVcpu(machine: Machine, vcpu: VcpuId): void;
}

export function createMmu(base: WorldBase, world: () => World, hasNoncoherentDma: HasNoncoherentDma): Mmu {
  const { layout, topology, dims, kernel, routines } = base;
  const pages = topology.pages.length;
  const intel = topology.cpu.vendor === 'intel';
  const pageLabels = topology.pages.map((p) => p.name);
  const leaf = layout.field('leaf', [dims.vms, pages], { labels: [undefined, pageLabels] });
  const guestPat = layout.field('guestPat', [dims.vms, pages], {
    labels: [undefined, pageLabels],
    initial: MEMTYPE.WB,
  });
  const mtrr = createMtrr(base);
  const cacheDisable = layout.field('cacheDisable', [dims.vcpus]);
  const leafSlot = (vm: VmId, page: PageId): number => leaf.base + vm * pages + page;
  const violation = EXIT_REASONS.indexOf('EPT_VIOLATION');

  // linux: arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask().
  function memoryTypeMask(m: Machine, vcpu: VcpuId, vm: VmId, page: PageId): number {
    const make = (type: number, ipat: boolean): number =>
      LEAF.present + (type << LEAF.typeShift) + (ipat ? LEAF.ipat : 0);
    if (!intel) return make(MEMTYPE.WB, false);
    if (topology.pages[page]?.reservedUncached && !kernel.has('mmio-by-host-pat')) return make(MEMTYPE.UC, false);
    if (kernel.has('guest-pat-quirk')) return make(MEMTYPE.WB, !world().kvm.honorsGuestPat(m, vm));
    if (kernel.has('honor-guest-pat-with-self-snoop') && topology.cpu.selfSnoop) return make(MEMTYPE.WB, false);
    if (!hasNoncoherentDma(m, vm)) return make(MEMTYPE.WB, true);
    if (kernel.has('guest-mtrr-ignored')) return make(MEMTYPE.WB, false);
    if (kernel.has('cd-in-memory-type') && m.state[cacheDisable.base + vcpu] !== 0) {
      if (world().kvm.hasQuirkCdNwCleared(m, vm)) return make(MEMTYPE.WB, !kernel.has('cd-quirk-without-ipat'));
      return make(MEMTYPE.UC, true);
    }
    return make(mtrr.typeOf(m, vcpu, page), false);
  }

  const getMtMask = routines.define(
    intel ? 'vmx_get_mt_mask' : 'svm_get_mt_mask',
    intel ? 'arch/x86/kvm/vmx/vmx.c' : 'arch/x86/kvm/svm/svm.c',
    ['vcpu: vcpu', 'gfn: page'],
    (r, vcpu, gfn) =>
      r.step('install the leaf with the memory type of the moment', (t) => {
        const { machine } = t;
        const vm = knownId<VmId>(machine, world().kvm.vcpuVm, vcpu.of(t));
        machine.put(leafSlot(vm, gfn.of(t)), memoryTypeMask(machine, vcpu.of(t), vm, gfn.of(t)));
        t.return(0);
      }),
  );

  const pageFault = routines.define(
    'kvm_tdp_page_fault',
    'arch/x86/kvm/mmu/mmu.c',
    ['vcpu: vcpu', 'gfn: page'],
    (r, vcpu, gfn) =>
      r
        .step('exit: the guest touches a page without a leaf', (t) => {
          t.machine.note(NOTE.exit, vcpu.of(t), violation, gfn.of(t));
          world().counters.exit(t.machine, t.actor, violation);
          t.call(getMtMask, vcpu.of(t), gfn.of(t));
        })
        .local((t) => t.return(0)),
  );

  function zapAll(m: Machine, vm: VmId, reason: number): void {
    m.note(NOTE.zap, vm, -1, reason);
    for (let page = 0 as PageId; page < pages; page++) m.put(leafSlot(vm, page), 0);
    world().counters.zap(m, vm);
  }

  function effectiveTypeIn(state: Int32Array, vm: VmId, page: PageId): number {
    const entry = state[leafSlot(vm, page)] as number;
    const type = leafType(entry);
    if ((entry & LEAF.ipat) !== 0) return type;
    const chosen = state[guestPat.base + vm * pages + page] as number;
    return combine(type, intel || kernel.has('svm-guest-pat') ? chosen : (POWER_ON_PAT[chosen] as number));
  }

  const zapGfnRange = routines.define(
    'kvm_zap_gfn_range',
    'arch/x86/kvm/mmu/mmu.c',
    ['kvm: vm', 'reason: zapReason'],
    (r, kvm, reason) =>
      r.step('take mmu_lock, zap every leaf of the VM, flush the TLBs', (t) => {
        zapAll(t.machine, kvm.of(t), reason.of(t));
        t.return(0);
      }),
  );

  return {
    leaf,
    guestPat,
    mtrr,
    cacheDisable,
    pageFault,
    zapGfnRange,

    effectiveType: (m, vm, page) => effectiveTypeIn(m.state, vm, page),
    effectiveTypeIn,

    guestType(m, vcpu, vm, page) {
      return combine(mtrr.typeOf(m, vcpu, page), m.state[guestPat.base + vm * pages + page] as number);
    },

    // linux: arch/x86/kvm/mtrr.c update_mtrr(), arch/x86/kvm/x86.c kvm_post_set_cr0()
    zapsForMtrr: (m, vm) =>
      kernel.has('guest-mtrr-zaps') && topology.cpu.twoDimensionalPaging && hasNoncoherentDma(m, vm),
    zapsForCacheDisable: (m, vm) =>
      kernel.has('guest-mtrr-zaps') && hasNoncoherentDma(m, vm) && !world().kvm.hasQuirkCdNwCleared(m, vm),

    zapPage(m, vm, page, reason) {
      m.note(NOTE.zap, vm, page, ZAP_REASONS.indexOf(reason));
      m.put(leafSlot(vm, page), 0);
      world().counters.zap(m, vm);
    },

    forgetVcpu(m, vcpu) {
      m.put(cacheDisable.base + vcpu, 0);
      mtrr.forget(m, vcpu);
    },

    forgetVm(m, vm) {
      for (let page = 0 as PageId; page < pages; page++) {
        m.put(leafSlot(vm, page), 0);
        m.put(guestPat.base + vm * pages + page, MEMTYPE.WB);
      }
    },
  };
}
