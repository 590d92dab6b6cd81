/**
 * Second-stage page tables: when a leaf is made, which memory type it carries, when it is zapped.
 *
 * The real thing: the first access of a guest to a page faults; KVM installs a leaf whose memory type comes from a
 * policy that has changed often (`vmx_get_mt_mask`). The leaf stays until something zaps it, so a policy that changes
 * its mind needs a zap. On AMD the leaf is always WB and the guest's PAT decides alone. Without EPT or NPT, KVM shadows
 * the guest's own tables, and leaves carry no type at all.
 *
 * Modelled: one leaf per VM and page of the scenario, its type and IPAT, the policy of each kernel; read-only leaves of
 * read-only slots and of the zero page; leaves of 2 MiB; neighbours that the old MMU makes with a fault; zaps of all, of a
 * range, of a slot; addresses without a slot, which are MMIO to user space. Left out: shadow paging of a guest that pages
 * (a leaf per virtual address), access bits, the TLB (a zap flushes it at once), splits of 2 MiB leaves by dirty logging.
 *
 * Sources: linux arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask(), arch/x86/kvm/mtrr.c, arch/x86/kvm/mmu/mmu.c
 * kvm_zap_gfn_range(), __direct_pte_prefetch(), kvm_faultin_pfn(); Intel SDM volume 3, "EPT and memory typing".
 */
import type { Routine } from '../engine/routine.ts';
import { combine, MEMTYPE } from '../memory/memtype.ts';
import { EXIT_REASONS, type ExitReason, KERNEL_WARNINGS } from '../state/event.ts';
import { idAt, NONE, type None, type PageId, type VcpuId, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import { isX86, PAGE_BYTES } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import { createLeafGroups, type LeafGroups } from './leaf-groups.ts';
import { type AddressRange, createMtrr, type Mtrr } from './mtrr.ts';
import { QUIRK } from './quirks.ts';
import { type Backed, createSlots, type Slots } from './slots.ts';
import type { HasNoncoherentDma } from './wbinvd.ts';

/**
 * A leaf in a slot: 0 when there is none, else 1 + memory type and bits: IPAT, not writable, of 2 MiB. Instead of a leaf
 * an entry can say that no slot has the page: `mmio`. `handled` is set by a fault whose access user space finishes.
 */
export const LEAF = { present: 1, typeShift: 1, ipat: 16, readOnly: 32, huge: 64, mmio: 128, handled: 256 } as const;

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
  readonly slots: Slots;
  /** Per vCPU object: guest CR0.CD. */
  readonly cacheDisable: Field;
  /** Per vCPU object: IA32_PAT, interned + 1; 0 is the power-on value. */
  readonly patMsr: Field;
  /** The page fault of a guest access. */
  readonly pageFault: Routine<[vcpu: VcpuId, gfn: PageId, write: 0 | 1]>;
  /** Zaps the leaves of a range of a VM: a number of `rangeNumber`, or `everything`. `reason` is an index into ZAP_REASONS. */
  readonly zapGfnRange: Routine<[kvm: VmId, reason: number, range: number]>;
  readonly everything: number;
  /** How an access leaves the guest that finds an entry for an address without a slot. */
  readonly mmioExit: ExitReason;
  /** A number that stands for a range of addresses. */
  rangeNumber(range: AddressRange): number;
  /** The type of an access of a vCPU through the leaf that is there. The leaf must be present. */
  effectiveType(machine: Machine, vm: VmId, page: PageId, vcpu: VcpuId): number;
  /** The same of a state that belongs to no machine: a final state, a cursor's. Without a vCPU, of one with CR0.CD clear. */
  effectiveTypeIn(state: Int32Array, vm: VmId, page: PageId, vcpu?: VcpuId | None): number;
  /** SVM without the quirk KVM_X86_QUIRK_CD_NW_CLEARED: the vCPU runs with the guest's CR0.CD, and nothing is cached. */
  runsUncached(state: Int32Array, vm: VmId, vcpu: VcpuId | None): boolean;
  /** The type that the guest alone would have: its MTRRs and PAT on bare metal. */
  guestType(machine: Pick<Machine, 'state'>, vcpu: VcpuId, vm: VmId, page: PageId): number;
  /** Do leaves carry the guest's memory types, so that a change of them has to zap? */
  zapsForGuestTypes(machine: Machine, vm: VmId): boolean;
  /** Takes away what stands for addresses that no slot has any more. */
  dropUnbacked(machine: Machine, vm: VmId): void;
  /** Clears what belongs to a VM that is gone. */
  forgetVm(machine: Machine, vm: VmId): void;
  /** Clears what belongs to a vCPU that is gone. */
  forgetVcpu(machine: Machine, vcpu: VcpuId): void;
}

/** The end of a range is stored above its start. */
const RANGE_SHIFT = 64n;
const RANGE_START = (1n << RANGE_SHIFT) - 1n;
const EVERYTHING = -1;
const POWER_ON_PAT_0 = MEMTYPE.WB;

/** The range that a number of `rangeNumber` stands for. */
export function rangeOf(wide: { value(index: number): bigint }, number: number): AddressRange {
  const both = wide.value(number);
  return { start: both & RANGE_START, end: both >> RANGE_SHIFT };
}

export function createMmu(base: WorldBase, world: () => World, hasNoncoherentDma: HasNoncoherentDma): Mmu {
  const { layout, topology, dims, kernel, routines, wide } = base;
  const pages = topology.pages.length;
  const { vendor, twoDimensionalPaging, selfSnoop } = topology.cpu;
  const intel = vendor === 'intel';
  const ept = intel && twoDimensionalPaging;
  const pageLabels = topology.pages.map((p) => p.name);
  const leaf = layout.field('leaf', [dims.vms, pages], { labels: [undefined, pageLabels] });
  const guestPat = layout.field('guestPat', [dims.vms, pages], {
    labels: [undefined, pageLabels],
    initial: MEMTYPE.WB,
  });
  const mtrr = createMtrr(base);
  const cacheDisable = layout.field('cacheDisable', [dims.vcpus]);
  const patMsr = layout.field('patMsr', [dims.vcpus]);
  const slots = createSlots(base, world);
  const { tdpMmu } = topology.cpu;
  /** The MMU that makes leaves for neighbours: of x86 alone. */
  const oldMmu = (): boolean => {
    if (!isX86(topology.cpu)) return false;
    const chosen = tdpMmu === true ? kernel.has('tdp-mmu-parameter') : (tdpMmu ?? kernel.has('tdp-mmu'));
    return !twoDimensionalPaging || !chosen;
  };
  const groups: LeafGroups = createLeafGroups(topology.pages);
  // Pages not written yet are the zero page; without any such page the field has no elements.
  const untouched = topology.pages.some((page) => page.backing === 'untouched');
  const touched = layout.field('pageTouched', [untouched ? pages : 0]);
  const isZeroPage = (m: Machine, page: PageId): boolean =>
    topology.pages[page]?.backing === 'untouched' && m.state[touched.base + page] === 0;
  const leafSlot = (vm: VmId, page: PageId): number => leaf.base + vm * pages + page;
  const leafOf = (m: Machine, vm: VmId, page: PageId): number => m.state[leafSlot(vm, page)]!;
  const violation: ExitReason = twoDimensionalPaging ? 'EPT_VIOLATION' : 'EXCEPTION_NMI';
  const violationIndex = EXIT_REASONS.indexOf(violation);
  // EPT has entries that are misconfigured on purpose; elsewhere such an access is a fault like others.
  const mmioExit: ExitReason = ept ? 'EPT_MISCONFIG' : violation;
  const isMmio = (page: PageId): boolean => {
    const model = topology.pages[page];
    if (model?.backing === 'mmio') return true;
    return model?.reservedUncached === true && (!kernel.has('mmio-by-host-pat') || kernel.has('mmio-by-host-mtrr'));
  };
  const make = (type: number, ipat = false): number => LEAF.present + (type << LEAF.typeShift) + (ipat ? LEAF.ipat : 0);

  // linux: arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask().
  function eptType(m: Machine, vcpu: VcpuId, vm: VmId, gfn: PageId, backed: Backed): number {
    if (isMmio(backed.page)) return make(MEMTYPE.UC);
    if (backed.noncoherentDma) return make(MEMTYPE.WB);
    if (kernel.has('guest-pat-quirk')) return make(MEMTYPE.WB, !world().kvm.honorsGuestPat(m, vm));
    if (kernel.has('honor-guest-pat-with-self-snoop') && selfSnoop) return make(MEMTYPE.WB);
    if (!hasNoncoherentDma(m, vm)) return make(MEMTYPE.WB, true);
    if (kernel.has('guest-mtrr-ignored')) return make(MEMTYPE.WB);
    if (kernel.has('cd-in-memory-type') && m.state[cacheDisable.base + vcpu] !== 0) {
      if (world().kvm.hasQuirkCdNwCleared(m, vm)) return make(MEMTYPE.WB, !kernel.has('cd-quirk-without-ipat'));
      return make(MEMTYPE.UC, true);
    }
    return make(mtrr.typeOf(m, vcpu, gfn));
  }

  /** NPT has no types of its own: the host's PAT and MTRRs give WB, or UC where they make registers and holes uncached. */
  function nptType(m: Machine, vcpu: VcpuId, vm: VmId, gfn: PageId, target: PageId): number {
    const model = topology.pages[target];
    if (model?.backing === 'mmio' || model?.reservedUncached) return make(MEMTYPE.UC);
    // linux: arch/x86/kvm/svm.c svm_get_mt_mask(), svm_set_guest_pat() of v4.2
    if (!kernel.has('svm-npt-guest-types')) return make(MEMTYPE.WB);
    return world().kvm.hasAssignedDevice(m, vm) ? make(mtrr.typeOf(m, vcpu, gfn)) : make(MEMTYPE.WB, true);
  }

  function shadowType(target: PageId): number {
    const model = topology.pages[target];
    return make(model?.backing === 'mmio' || model?.reservedUncached ? MEMTYPE.UC : MEMTYPE.WB);
  }

  function leafFor(m: Machine, vcpu: VcpuId, vm: VmId, gfn: PageId, backed: Backed): number {
    const { page } = backed;
    const type = !twoDimensionalPaging
      ? shadowType(page)
      : ept
        ? eptType(m, vcpu, vm, gfn, backed)
        : nptType(m, vcpu, vm, gfn, page);
    return type + (backed.readOnly || isZeroPage(m, page) ? LEAF.readOnly : 0);
  }

  /** May one leaf of 2 MiB cover the page? */
  function huge(m: Machine, vcpu: VcpuId, vm: VmId, gfn: PageId, backed: Backed): boolean {
    const range = groups.region(gfn);
    if (topology.pages[backed.page]?.backing !== 'huge' || !backed.whole(range)) return false;
    if (!ept || !kernel.has('mtrr-disabled-is-uc') || kernel.has('guest-mtrr-ignored')) return true;
    if (kernel.has('huge-page-asks-mtrr-if-noncoherent') && !hasNoncoherentDma(m, vm)) return true;
    return mtrr.uniform(m, vcpu, range);
  }

  function install(m: Machine, vcpu: VcpuId, vm: VmId, gfn: PageId, backed: Backed): void {
    const made = leafFor(m, vcpu, vm, gfn, backed);
    if (huge(m, vcpu, vm, gfn, backed)) {
      for (const page of groups.regionPages(gfn)) m.put(leafSlot(vm, page), made | LEAF.huge);
      return;
    }
    m.put(leafSlot(vm, gfn), made);
    if (oldMmu()) prefetch(m, vcpu, vm, gfn);
  }

  // linux: arch/x86/kvm/mmu/mmu.c __direct_pte_prefetch(): runs of absent neighbours, each ended by a present one.
  function prefetch(m: Machine, vcpu: VcpuId, vm: VmId, gfn: PageId): void {
    let run: PageId[] = [];
    const makeRun = (): boolean => {
      for (const page of run) {
        const backed = slots.backing(m.state, vm, page);
        // Only what is in the host's page tables, and may be written, can be taken without sleeping.
        if (!backed || backed.readOnly || backed.invalid) return false;
        if (topology.pages[backed.page]?.backing === 'mmio' || isZeroPage(m, backed.page)) return false;
        m.put(leafSlot(vm, page), leafFor(m, vcpu, vm, page, backed));
      }
      run = [];
      return true;
    };
    for (const page of groups.neighbours(gfn)) {
      if ((leafOf(m, vm, page) & LEAF.present) === 0) run.push(page);
      else if (!makeRun()) return;
    }
    if (kernel.has('prefetch-trailing')) makeRun();
  }

  const maker = !twoDimensionalPaging
    ? (['mmu_set_spte', 'arch/x86/kvm/mmu/mmu.c'] as const)
    : intel
      ? (['vmx_get_mt_mask', 'arch/x86/kvm/vmx/vmx.c'] as const)
      : (['svm_get_mt_mask', 'arch/x86/kvm/svm/svm.c'] as const);
  const vmOf = (m: Machine, vcpu: VcpuId): VmId => idAt<VmId>(m, world().kvm.vcpuVm, vcpu) as VmId;

  const getMtMask = routines.define(
    maker[0],
    maker[1],
    ['vcpu: vcpu', 'gfn: page', 'write: truth'],
    (r, vcpu, gfn, write) =>
      r.step('install the leaf with the memory type of the moment', (t) => {
        const { machine } = t;
        const vm = vmOf(machine, vcpu.of(t));
        const backed = slots.backing(machine.state, vm, gfn.of(t));
        // The slot is being deleted or moved: the access faults again.
        if (backed?.invalid) return t.return(0);
        if (!backed) machine.put(leafSlot(vm, gfn.of(t)), LEAF.mmio | LEAF.handled);
        else if (write.of(t) !== 0 && backed.readOnly)
          machine.put(leafSlot(vm, gfn.of(t)), leafOf(machine, vm, gfn.of(t)) | LEAF.handled);
        else {
          if (write.of(t) !== 0 && isZeroPage(machine, backed.page)) {
            machine.put(touched.base + backed.page, 1);
            // linux: virt/kvm/kvm_main.c kvm_mmu_notifier_invalidate_range_start(): the host gives the page memory of its own.
            if ((leafOf(machine, vm, gfn.of(t)) & LEAF.present) !== 0) {
              machine.put(leafSlot(vm, gfn.of(t)), 0);
              return t.return(0);
            }
          }
          install(machine, vcpu.of(t), vm, gfn.of(t), backed);
        }
        t.return(0);
      }),
  );

  const pageFault = routines.define(
    twoDimensionalPaging ? 'kvm_tdp_page_fault' : 'kvm_mmu_page_fault',
    'arch/x86/kvm/mmu/mmu.c',
    ['vcpu: vcpu', 'gfn: page', 'write: truth'],
    (r, vcpu, gfn, write) =>
      r
        .step('exit: the guest touches a page without a leaf', (t) => {
          const vm = vmOf(t.machine, vcpu.of(t));
          if (slots.backing(t.machine.state, vm, gfn.of(t))?.invalid) return t.block();
          // An entry that says that no slot has the page, from before a slot has it.
          const stale = (leafOf(t.machine, vm, gfn.of(t)) & LEAF.mmio) !== 0;
          const reason = stale ? EXIT_REASONS.indexOf(mmioExit) : violationIndex;
          t.machine.note(NOTE.exit, vcpu.of(t), reason, gfn.of(t));
          world().counters.exit(t.machine, t.actor, reason);
          t.call(getMtMask, vcpu.of(t), gfn.of(t), write.of(t));
        })
        .local((t) => t.return(0)),
  );

  /** Zaps the leaves that have a part of a range. */
  function zap(m: Machine, vm: VmId, range: number): void {
    const wanted = range === EVERYTHING ? undefined : rangeOf(wide, range);
    for (let page = 0 as PageId; page < pages; page++) {
      const entry = leafOf(m, vm, page);
      if (entry === 0) continue;
      const covers = (entry & LEAF.huge) !== 0 ? groups.region(page) : pageRange(page);
      if (!wanted || (covers.start < wanted.end && wanted.start < covers.end)) m.put(leafSlot(vm, page), 0);
    }
  }

  const pageRange = (page: PageId): AddressRange => {
    const start = topology.pages[page]!.address;
    return { start, end: start + PAGE_BYTES };
  };

  // linux: arch/x86/kvm/svm/svm.c svm_set_cr0(). VMX keeps CR0.CD and CR0.NW of the hardware clear.
  function runsUncached(state: Int32Array, vm: VmId, vcpu: VcpuId | None): boolean {
    if (vendor !== 'amd' || vcpu === NONE || state[cacheDisable.base + vcpu] === 0) return false;
    return !world().kvm.quirks.hasIn(state, vm, QUIRK.cdNwCleared);
  }

  function effectiveTypeIn(state: Int32Array, vm: VmId, page: PageId, vcpu: VcpuId | None = NONE): number {
    if (runsUncached(state, vm, vcpu)) return MEMTYPE.UC;
    const entry = state[leafSlot(vm, page)]!;
    const type = leafType(entry);
    if ((entry & LEAF.ipat) !== 0) return type;
    // PWT, PCD and PAT of a shadow leaf are 0: the first entry of the guest's PAT.
    if (!twoDimensionalPaging) return combine(type, firstPatEntry(state, vm));
    const chosen = state[guestPat.base + vm * pages + page]!;
    const followed = intel || kernel.has('svm-guest-pat') || kernel.has('svm-npt-guest-types');
    return combine(type, followed ? chosen : POWER_ON_PAT[chosen]!);
  }

  /** Guests give all vCPUs the same PAT: the first one that was written counts. */
  function firstPatEntry(state: Int32Array, vm: VmId): number {
    for (let vcpu = 0; vcpu < dims.vcpus; vcpu++) {
      const index = state[patMsr.base + vcpu]!;
      if (index !== 0 && state[world().kvm.vcpuVm.base + vcpu] === vm + 1) return Number(wide.value(index - 1) & 7n);
    }
    return POWER_ON_PAT_0;
  }

  const zapGfnRange = routines.define(
    'kvm_zap_gfn_range',
    'arch/x86/kvm/mmu/mmu.c',
    ['kvm: vm', 'reason: zapReason', 'range: number'],
    (r, kvm, reason, range) =>
      r.step('take mmu_lock, zap the leaves of the range, flush the TLBs', (t) => {
        const { machine } = t;
        machine.note(NOTE.zap, kvm.of(t), range.of(t), reason.of(t));
        world().counters.zap(machine, kvm.of(t));
        if (range.of(t) !== EVERYTHING) {
          const { start, end } = rangeOf(wide, range.of(t));
          if (end <= start) {
            if (kernel.has('zap-range-warns'))
              world().monitors.report(machine, 'kernel-warning', t.actor, KERNEL_WARNINGS.indexOf('empty-range'));
            return t.return(0);
          }
        }
        zap(machine, kvm.of(t), range.of(t));
        t.return(0);
      }),
  );

  return {
    leaf,
    guestPat,
    mtrr,
    slots,
    cacheDisable,
    patMsr,
    pageFault,
    zapGfnRange,
    everything: EVERYTHING,
    mmioExit,
    rangeNumber: ({ start, end }) => wide.intern((end << RANGE_SHIFT) | start),

    effectiveType: (m, vm, page, vcpu) => effectiveTypeIn(m.state, vm, page, vcpu),
    effectiveTypeIn,
    runsUncached,

    guestType(m, vcpu, vm, page) {
      return combine(mtrr.bareType(m, vcpu, page), m.state[guestPat.base + vm * pages + page]!);
    },

    // linux: arch/x86/kvm/mmu.h kvm_mmu_honors_guest_mtrrs()
    zapsForGuestTypes: (m, vm) =>
      kernel.has('guest-mtrr-zaps') && hasNoncoherentDma(m, vm) && (ept || !kernel.has('zaps-if-guest-mtrrs-honoured')),

    dropUnbacked(m, vm) {
      for (let page = 0 as PageId; page < pages; page++)
        if (leafOf(m, vm, page) !== 0 && !slots.backing(m.state, vm, page)) m.put(leafSlot(vm, page), 0);
    },

    forgetVcpu(m, vcpu) {
      m.put(cacheDisable.base + vcpu, 0);
      m.put(patMsr.base + vcpu, 0);
      mtrr.forget(m, vcpu);
    },

    forgetVm(m, vm) {
      slots.forget(m, vm);
      for (let page = 0 as PageId; page < pages; page++) {
        m.put(leafSlot(vm, page), 0);
        m.put(guestPat.base + vm * pages + page, MEMTYPE.WB);
      }
    },
  };
}
