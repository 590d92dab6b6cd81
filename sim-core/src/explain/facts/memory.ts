/** Why a leaf, an access or a cache line is as it is. */
import { LEAF, leafType } from '../../kvm/mmu.ts';
import { QUIRK } from '../../kvm/quirks.ts';
import { LINE_STATES } from '../../memory/memory.ts';
import { memtypeName } from '../../memory/memtype.ts';
import { EVENT_WIDTH } from '../../state/event.ts';
import type { PageId, VcpuId, VmId } from '../../state/ids.ts';
import { NOTE } from '../../state/machine.ts';
import { isX86 } from '../../topology.ts';
import { whyCoherent } from '../causes/belief.ts';
import { type Link, memtypeSource, sdmCaches } from '../causes/link.ts';
import { describeEvent } from '../event-text.ts';
import type { History } from '../history.ts';
import { type AskedFact, type FactExplainer, lastOf, vmText } from './fact.ts';

/** When the leaf was made, by whom, and the rule that gave it its type. */
export const eptExplained: FactExplainer = (asked) => {
  const { history, state, args } = asked;
  const page = history.model.world.topology.words[args.word]?.page as number;
  return leafLinks(asked, args.vm(state), page);
};

/** The leaf, and what the guest's own choice makes of it. */
export const memtypeExplained: FactExplainer = (asked) => {
  const { history, event, state, args } = asked;
  const { kvm, topology } = history.model.world;
  const page = topology.words[args.word]?.page as number;
  const vcpu = state[kvm.actorVcpu.base + args.vcpu]! - 1;
  const name = topology.actors[args.vcpu]?.name;
  if (vcpu < 0) return [{ event: -1, text: `${name} does not exist: KVM_CREATE_VCPU has not made it.`, sources: [] }];
  const vm = state[kvm.vcpuVm.base + vcpu]! - 1;
  const links = leafLinks(asked, vm, page);
  const leaf = leafAt(asked, vm, page);
  if ((leaf & LEAF.present) === 0 || !isX86(topology.cpu)) return links;
  if (kvm.mmu.runsUncached(state, vm as VmId, vcpu as VcpuId)) {
    const set = history.lastChange(kvm.mmu.cacheDisable.base + vcpu, event, 1);
    return [
      {
        event: set,
        text: `The guest has set CR0.CD (${history.placeText(set)}), and the quirk KVM_X86_QUIRK_CD_NW_CLEARED is disabled: SVM runs the vCPU with CR0.CD, and every access is UC.`,
        sources: [{ document: 'linux', place: 'arch/x86/kvm/svm/svm.c svm_set_cr0()' }],
      },
    ];
  }
  const effective = memtypeName(kvm.mmu.effectiveTypeIn(state, vm as VmId, page as PageId, vcpu as VcpuId));
  if ((leaf & LEAF.ipat) !== 0)
    return [
      ...links,
      { event, text: `IPAT is set, so the guest's PAT is ignored: ${effective}.`, sources: [memtypeSource] },
    ];
  const slot = kvm.mmu.guestPat.base + vm * topology.pages.length + page;
  const chosen = memtypeName(state[slot]!);
  const at = history.lastChange(slot, event, state[slot]!);
  const where = at < 0 ? 'as it is from the start' : history.placeText(at);
  return [
    ...links,
    {
      event: at,
      text: `The guest's own page tables choose ${chosen} by its PAT (${where}); with the leaf's ${memtypeName(leafType(leaf))} that gives ${effective}.`,
      sources: [{ document: 'Intel SDM', place: 'volume 3, "EPT and memory typing"' }],
    },
  ];
};

function leafAt({ history, state }: AskedFact, vm: number, page: number): number {
  const { kvm, topology } = history.model.world;
  return vm < 0 ? 0 : state[kvm.leaf.base + vm * topology.pages.length + page]!;
}

function leafLinks(asked: AskedFact, vm: number, page: number): Link[] {
  const { history, event } = asked;
  const { kvm, topology } = history.model.world;
  const leaf = leafAt(asked, vm, page);
  if (vm < 0) return [{ event: -1, text: 'The name is not bound to a VM here.', sources: [] }];
  const slot = kvm.leaf.base + vm * topology.pages.length + page;
  if ((leaf & LEAF.present) === 0) return [absentLink(asked, vm, page, slot)];
  const made = history.lastChange(slot, event, leaf);
  const ipat = (leaf & LEAF.ipat) !== 0 ? ' with IPAT' : '';
  const first: Link = {
    event: made,
    text: `The leaf of ${topology.pages[page]?.name} was made ${memtypeName(leafType(leaf))}${ipat} at a page fault (${history.placeText(made)}), and it stays until something zaps it.`,
    sources: history.sourceAt(made),
  };
  return [first, ...ruleLinks(asked, made, vm, page)];
}

function absentLink(asked: AskedFact, vm: number, page: number, slot: number): Link {
  const { history, event } = asked;
  const { topology } = history.model.world;
  const gone = history.lastChangeWhere(
    slot,
    event,
    (old, now) => (old & LEAF.present) !== 0 && (now & LEAF.present) === 0,
  );
  const zap = gone < 0 ? -1 : history.before(gone, (code) => code === NOTE.zap);
  const name = topology.pages[page]?.name;
  if (gone < 0)
    return {
      event: -1,
      text: `No vCPU of ${vmText(asked, vm, event)} has touched ${name} yet, so it has no leaf.`,
      sources: [{ document: 'linux', place: 'arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault()' }],
    };
  const what =
    zap < 0 ? 'was removed' : `is gone: ${describeEvent(history.model, history.log, zap, asked.names)?.text}`;
  return {
    event: gone,
    text: `The leaf of ${name} ${what} (${history.placeText(gone)}), and no vCPU has touched the page since.`,
    sources: history.sourceAt(gone),
  };
}

/** Where KVM maps a page for a guest on CPUs that are not x86. */
const MAPPING = {
  arm64: 'arch/arm64/kvm/mmu.c user_mem_abort()',
  power: 'arch/powerpc/kvm/book3s_64_mmu_radix.c kvmppc_book3s_instantiate_page()',
} as const;

/** The rule of the kernel that gave a leaf its type, in the order in which the kernel asks. */
function ruleLinks(asked: AskedFact, made: number, vm: number, page: number): Link[] {
  const { history } = asked;
  const { kvm, topology, kernel } = history.model.world;
  const { vendor, twoDimensionalPaging, selfSnoop } = topology.cpu;
  const rule = (text: string, ...more: Link[]): Link[] => [{ event: made, text, sources: [memtypeSource] }, ...more];
  const { backing, reservedUncached } = topology.pages[page] ?? {};
  const name = kernel.profile.name;
  if (backing === 'mmio' || reservedUncached === true)
    return rule(
      `The page is ${backing === 'mmio' ? 'MMIO of the host' : 'reserved and uncached on the host'}, which decides before the guest does.`,
    );
  if (!twoDimensionalPaging)
    return rule('Without EPT or NPT, KVM shadows page tables, whose entries are write-back for memory.');
  if (vendor === 'arm64' || vendor === 'power')
    return [
      {
        event: made,
        text: `On ${vendor} KVM maps memory as write-back, whatever is registered: it chooses memory types for guests on x86 only.`,
        sources: [{ document: 'linux', place: MAPPING[vendor] }],
      },
    ];
  if (vendor !== 'intel')
    return rule(
      history.hasChange('svm-npt-guest-types')
        ? `${name} takes the type of NPT leaves from the guest's MTRRs while a device is assigned, else WB with the guest's PAT ignored.`
        : 'On AMD leaves are WB for memory, and the guest decides by its PAT alone.',
    );
  const counted = history.valueAt(kvm.noncoherentDmaCount.base + vm, made);
  const registered = firstRegistration(asked, made, vm);
  if (history.hasChange('guest-pat-quirk')) {
    const off = (history.valueAt(kvm.quirks.disabled.base + vm, made) & QUIRK.ignoreGuestPat) !== 0;
    if (counted > 0)
      return rule('Non-coherent DMA is registered, so the guest PAT is honoured: WB without IPAT.', ...registered);
    if (off)
      return rule(
        'The quirk KVM_X86_QUIRK_IGNORE_GUEST_PAT is disabled, so the guest PAT is honoured: WB without IPAT.',
      );
    return rule(
      'The quirk KVM_X86_QUIRK_IGNORE_GUEST_PAT is on and no non-coherent DMA is counted: WB with IPAT.',
      ...whyCoherent(history, made, vm),
    );
  }
  if (history.hasChange('honor-guest-pat-with-self-snoop') && selfSnoop)
    return rule(`${name} honours the guest PAT on every CPU with self-snoop: WB without IPAT.`);
  if (counted === 0)
    return rule(
      'No non-coherent DMA is counted: WB with IPAT, whatever the guest wants.',
      ...whyCoherent(history, made, vm),
    );
  if (history.hasChange('guest-mtrr-ignored'))
    return rule(`${name} looks at neither the guest's MTRRs nor its CR0.CD: WB without IPAT.`, ...registered);
  return [...registered, ...guestRules(asked, made, page)];
}

/** Up to v6.10, with non-coherent DMA: CR0.CD, then the guest's MTRRs. */
function guestRules({ history }: AskedFact, made: number, page: number): Link[] {
  const { kvm, topology } = history.model.world;
  const vcpu = history.valueAt(kvm.actorVcpu.base + history.actorOf(made), made) - 1;
  const disabled = vcpu < 0 ? 0 : history.valueAt(kvm.mmu.cacheDisable.base + vcpu, made);
  if (history.hasChange('cd-in-memory-type') && disabled !== 0) {
    const set = history.lastChange(kvm.mmu.cacheDisable.base + vcpu, made, disabled);
    const quirk = history.valueAt(kvm.quirks.disabled.base + history.valueAt(kvm.vcpuVm.base + vcpu, made) - 1, made);
    const off = (quirk & QUIRK.cdNwCleared) !== 0;
    const what = off ? 'so the leaf is UC' : 'and the quirk KVM_X86_QUIRK_CD_NW_CLEARED makes it WB all the same';
    return [
      { event: set, text: `The guest has set CR0.CD (${history.placeText(set)}), ${what}.`, sources: [memtypeSource] },
    ];
  }
  const written = vcpu < 0 ? [] : mtrrWrites(history, vcpu, made);
  const name = topology.pages[page]?.name;
  const type = memtypeName(leafType(history.operand(made, 2)));
  const source = { document: 'linux', place: 'arch/x86/kvm/mtrr.c kvm_mtrr_get_guest_memory_type()' } as const;
  if (written.length === 0)
    return [
      {
        event: made,
        text: `The guest's MTRRs decide about ${name}: ${type}. Nothing has written them since the vCPU was made.`,
        sources: [source],
      },
    ];
  return [
    { event: made, text: `The guest's MTRRs decide about ${name}: ${type}.`, sources: [source] },
    ...written.map(({ event, msr }) => ({
      event,
      text: `${msr} was written (${history.placeText(event)}).`,
      sources: [source],
    })),
  ];
}

/** The last write of each of a vCPU's MTRRs before an event, in order. */
function mtrrWrites(
  history: History,
  vcpu: number,
  before: number,
): { readonly event: number; readonly msr: string }[] {
  const { mtrr } = history.model.world.kvm.mmu;
  const named = [
    { field: mtrr.defType, msr: () => 'IA32_MTRR_DEF_TYPE' },
    { field: mtrr.base, msr: (range: number) => `IA32_MTRR_PHYSBASE${range}` },
    { field: mtrr.mask, msr: (range: number) => `IA32_MTRR_PHYSMASK${range}` },
    { field: mtrr.fixed, msr: (range: number) => `fixed-range MTRR ${range}` },
  ];
  return named
    .flatMap(({ field, msr }) => {
      const each = field.size / history.model.world.dims.vcpus;
      return Array.from({ length: each }, (_, range) => ({
        event: history.lastChangeWhere(field.base + vcpu * each + range, before, () => true),
        msr: msr(range),
      }));
    })
    .filter(({ event }) => event >= 0)
    .sort((a, b) => a.event - b.event);
}

function firstRegistration({ history }: AskedFact, event: number, vm: number): Link[] {
  const slot = history.model.world.kvm.noncoherentDmaCount.base + vm;
  const first = history.lastChangeWhere(slot, event, (old, now) => old === 0 && now > 0);
  if (first < 0) return [];
  const text = `Non-coherent DMA was registered ${history.doneBy(first)}.`;
  return [{ event: first, text, sources: history.sourceAt(first) }];
}

/** The last changes of the line in the cache. */
export const cacheExplained: FactExplainer = ({ history, event, args }) => {
  const { memory, topology } = history.model.world;
  const line = topology.words[args.word]!.line;
  const slot = memory.lineState.base + args.cpu * topology.lines.length + line;
  const links: Link[] = [];
  for (let one = 0; one < event; one++) {
    if (history.log[one * EVENT_WIDTH] !== slot) continue;
    const cause = tellingOf(history, one);
    const what =
      cause < 0
        ? history.placeText(one)
        : `${describeEvent(history.model, history.log, cause)?.text}, ${history.placeText(one)}`;
    links.push({
      event: one,
      text: `${LINE_STATES[history.operand(one, 1)]} → ${LINE_STATES[history.operand(one, 2)]} (${what}).`,
      sources: [sdmCaches],
    });
  }
  if (links.length > 0) return lastOf(links);
  const name = topology.words[args.word]?.name;
  return [{ event: -1, text: `cpu${args.cpu} has not taken the line of ${name} up to here.`, sources: [sdmCaches] }];
};

/** What made a line change is told before the change, or after it in the same step. */
function tellingOf(history: History, change: number): number {
  const before = history.before(change, (code) => TELLING.has(code));
  const { endEvent } = history.run.step(history.run.stepOfEvent(change));
  return before >= 0 ? before : history.find(change, endEvent, (code) => TELLING.has(code));
}

/** Happenings that say why a line of a cache changes. */
const TELLING: ReadonlySet<number> = new Set([NOTE.access, NOTE.tlp, NOTE.wbinvd, NOTE.writeback]);
