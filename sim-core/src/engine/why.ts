/**
 * Why a finding took place: the shortest chain of causes, each with the event that shows it and its source.
 *
 * The chain of a coherency finding is: the write, what should have carried it to the reader (a flush, an uncached
 * store, a device's write), why that did not happen (KVM's count, the dirty mask, the leaf's memory type), and the read
 * that bypassed the caches. All of it is read from the recorded run; nothing is executed again.
 */
import { changeById } from '../kernel/changes.ts';
import { LEAF, leafType } from '../kvm/mmu.ts';
import { memtypeName } from '../memory/memtype.ts';
import type { Source } from '../ops/op.ts';
import { EVENT_WIDTH, EXIT_REASONS, FINDINGS, type Finding } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { describeEvent, findingText } from './describe.ts';
import { MONITORS } from './monitors/table.ts';
import { History } from './history.ts';
import type { Run } from './run.ts';

export interface Explanation {
  readonly finding: Finding;
  /** One line: who, what. */
  readonly headline: string;
  readonly links: readonly Link[];
  /** True when the finding, or a link of the chain, is our own reading and no upstream text says so. */
  readonly modelFinding: boolean;
}

export interface Link {
  /** The event that shows it; -1 for what was so from the start. */
  readonly event: number;
  readonly text: string;
  readonly sources: readonly Source[];
}

const sdmCaches: Source = { document: 'Intel SDM', place: 'volume 3, "Memory Cache Control"' };
const noSnoopSource: Source = { document: 'PCIe', place: 'Base Specification, "No Snoop Attribute"' };
const snoopBehavior: Source = { document: 'Intel VT-d', place: 'Architecture Specification, "Snoop Behavior"' };
const emulateSource: Source = { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip()' };
const loadSource: Source = { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_arch_vcpu_load()' };
const coherencySource: Source = { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_update_coherency()' };
const memtypeSource: Source = { document: 'linux', place: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()' };

/** Explains the finding at an event of a run. The event must be a finding. */
export function why(run: Run, findingEvent: number): Explanation {
  const { log, model } = run;
  const at = findingEvent * EVENT_WIDTH;
  if (log[at] !== NOTE.finding) throw new RangeError(`event ${findingEvent} is no finding`);
  const [index, subject, detail] = [log[at + 1] as number, log[at + 2] as number, log[at + 3] as number];
  const finding = FINDINGS[index] as Finding;
  const monitor = MONITORS.find((m) => m.finding === finding);
  const links = chainOf(new History(run), finding, findingEvent, subject, detail);
  return {
    finding,
    headline: findingText(model, index, subject, detail),
    links: links.length > 0 ? links : [{ event: findingEvent, text: monitor?.doc ?? headlineOnly(finding), sources: monitor?.sources ?? [] }],
    modelFinding: monitor?.derived ?? false,
  };
}

function headlineOnly(finding: Finding): string {
  return `The model has no longer explanation for ${finding}.`;
}

function chainOf(history: History, finding: Finding, event: number, subject: number, detail: number): Link[] {
  if (finding === 'stale-read' && detail > 0) return staleDeviceRead(history, event, subject, detail - 1);
  if (finding === 'stale-read') return staleCpuRead(history, event, subject, -detail - 1);
  if (finding === 'lost-write') return lostWrite(history, event, subject, detail);
  return [];
}

function staleDeviceRead(history: History, event: number, word: number, device: number): Link[] {
  const { model } = history;
  const { ghost, memory } = model.world;
  const promised = history.valueAt(ghost.guaranteed.base + word, event);
  const write = history.lastChange(memory.latest.base + word, event, promised);
  const promise = history.lastChange(ghost.guaranteed.base + word, event, promised);
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    ...(promise >= 0 ? [promiseLink(history, promise, word)] : []),
    ...missedCarrier(history, write, promise, word, promised),
    ...whereIsIt(history, event, word, promised),
    ...bypassLinks(history, event, device, word),
  ];
}

/** The store that made the version. */
function writeLink(history: History, event: number, word: number): Link {
  const access = history.before(event, (code) => code === NOTE.access || code === NOTE.tlp);
  const text = access >= 0 ? describeEvent(history.model, history.log, access)?.text : undefined;
  return { event: Math.max(access, 0), text: `${text ?? `${history.wordName(word)} is written`} (${history.placeText(event)}).`, sources: [sdmCaches] };
}

/** What the guest did so that the version must be in DRAM. */
function promiseLink(history: History, event: number, word: number): Link {
  const name = history.routineName(event);
  const by = history.actorText(event);
  const what =
    name === 'wbinvd' || name === 'wbnoinvd'
      ? `${by} executes ${name.toUpperCase()}: from here on ${history.wordName(word)} must be in DRAM`
      : name.startsWith('clflush') || name === 'clwb'
        ? `${by} flushes the line: from here on ${history.wordName(word)} must be in DRAM`
        : name === 'MWr'
          ? `${by} writes past the caches: DRAM has the new value`
          : `${by} stores uncached or fences: from here on ${history.wordName(word)} must be in DRAM`;
  return { event, text: `${what} (${history.placeText(event)}).`, sources: [sdmCaches] };
}

/** Why what should have carried the version did not. */
function missedCarrier(history: History, write: number, promise: number, word: number, version: number): Link[] {
  if (promise < 0) return [];
  const name = history.routineName(promise);
  if (name === 'wbinvd' || name === 'wbnoinvd') return missedFlush(history, promise, word, version);
  if (write >= 0 && history.routineName(write).startsWith('mov')) return missedUncached(history, write, word);
  return [];
}

function missedFlush(history: History, promise: number, word: number, version: number): Link[] {
  const { model } = history;
  const { kvm } = model.world;
  const [first, last] = history.statementAround(promise);
  const exit = history.find(first, last, (code, _a, b) => code === NOTE.exit && EXIT_REASONS[b] === 'WBINVD');
  if (exit < 0) return nativeFlush(history, promise, word, version);
  const vcpu = history.operand(exit, 1);
  const vm = history.valueAt(kvm.vcpuVm.base + vcpu, exit) - 1;
  const flushed = history.collect(first, last, NOTE.wbinvd).map((e) => history.operand(e, 1));
  const emulated = history.find(first, last, (code, _a, b) => code === NOTE.call && model.world.routines.routines[b]?.name === 'kvm_emulate_wbinvd_noskip');
  const count = history.valueAt(kvm.noncoherentDmaCount.base + vm, emulated >= 0 ? emulated : exit);
  const links: Link[] = [{ event: exit, text: `The instruction leaves the guest; KVM emulates it.`, sources: [emulateSource] }];
  if (count === 0) return [...links, skippedLink(history, exit), ...whyCoherent(history, exit, vm)];
  const holders = history.holders(promise, word, version);
  const local = history.valueAt(kvm.vcpuCpu.base + vcpu, exit) - 1;
  links.push({
    event: exit,
    text: `KVM runs WBINVD on ${flushed.length === 0 ? 'no pCPU at all' : flushed.map((cpu) => `cpu${cpu}`).join(', ')}.`,
    sources: [emulateSource],
  });
  for (const holder of holders) {
    if (flushed.includes(holder)) continue;
    links.push(holder === local && !model.world.kernel.has('wbinvd-includes-local-cpu') ? localLeftOut(exit, holder) : notInMask(history, exit, vcpu, holder));
  }
  return links;
}

function skippedLink(history: History, exit: number): Link {
  return { event: exit, text: `${history.kernelName()}: the VM counts no non-coherent DMA, so the instruction is skipped and no cache is flushed.`, sources: [emulateSource] };
}

function localLeftOut(event: number, cpu: number): Link {
  const change = changeById.get('wbinvd-includes-local-cpu');
  return {
    event,
    text: `cpu${cpu} holds the line, and it is the pCPU that runs the handler: this kernel sends WBINVD to the other pCPUs of the dirty mask only. ${change?.first} mends it (${change?.commit} "${change?.subject}").`,
    sources: [emulateSource, { document: 'linux', place: `${change?.commit} ${change?.subject}` }],
  };
}

function notInMask(history: History, event: number, vcpu: number, cpu: number): Link {
  const { kvm } = history.model.world;
  const slot = kvm.wbinvdDirtyMask.base + vcpu;
  const cleared = history.lastChangeWhere(slot, event, (old, value) => (old & (1 << cpu)) !== 0 && (value & (1 << cpu)) === 0);
  const loads = history.lastBefore(event, (code, a, b) => code === NOTE['vcpu-load'] && a === vcpu && b === cpu);
  const text =
    cleared >= 0
      ? `cpu${cpu} holds the line but is no longer in the vCPU's dirty mask: the WBINVD at ${history.placeText(cleared)} cleared its bit, and the vCPU went on running there without another vcpu_load.`
      : `cpu${cpu} holds the line but was never put into the vCPU's dirty mask: when the vCPU was loaded there, the VM had no non-coherent DMA registered.`;
  return { event: cleared >= 0 ? cleared : Math.max(loads, 0), text, sources: [loadSource, emulateSource] };
}

function nativeFlush(history: History, promise: number, word: number, version: number): Link[] {
  const holders = history.holders(promise, word, version);
  if (holders.length === 0) return [];
  return [{ event: promise, text: `The CPU cannot exit on WBINVD: it flushed the pCPU that the vCPU was on, not ${holders.map((cpu) => `cpu${cpu}`).join(', ')}.`, sources: [sdmCaches] }];
}

/** Why KVM believes that DMA is coherent. */
function whyCoherent(history: History, event: number, vm: number): Link[] {
  const { kvm, kernel } = history.model.world;
  if (!kernel.has('kvm-vfio-device')) {
    return [{ event: -1, text: `${history.kernelName()} has no kvm-vfio device: KVM cannot know of devices that VFIO assigns.`, sources: [{ document: 'linux', place: 'ec53500fae42 kvm: Add VFIO device' }] }];
  }
  const dropped = history.lastChange(kvm.noncoherentDmaCount.base + vm, event, 0);
  if (dropped >= 0) {
    return [{ event: dropped, text: `The count went back to 0 in ${history.routineName(dropped)} (${history.placeText(dropped)}).`, sources: [coherencySource] }];
  }
  const told = history.find(0, event, (code, _a, b) => code === NOTE.call && history.model.world.routines.routines[b]?.name === 'kvm_vfio_update_coherency');
  if (told < 0) return [{ event: -1, text: 'No VFIO group or device was registered with the VM: user space has to tell KVM (KVM_DEV_VFIO_GROUP_ADD).', sources: [coherencySource] }];
  return [{ event: told, text: `VFIO answered "coherent" when KVM last asked (${history.placeText(told)}).`, sources: [coherencySource] }];
}

/** A store that the guest meant to be uncached went into a cache. */
function missedUncached(history: History, write: number, word: number): Link[] {
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
    const registered = history.lastChangeWhere(kvm.noncoherentDmaCount.base + vm, write, (old, value) => old === 0 && value > 0);
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

/** Where the new value is, and what DRAM has instead. */
function whereIsIt(history: History, event: number, word: number, version: number): Link[] {
  const { memory } = history.model.world;
  const dram = history.valueAt(memory.dram.base + word, event);
  const holders = history.holders(event, word, version);
  const name = history.wordName(word);
  const held = holders.map((cpu) => `cpu${cpu}'s cache holds the newer ${name} = ${history.cachedValue(event, cpu, word)}, modified`);
  const combining = history.combiningHolders(event, word);
  held.push(...combining.map((cpu) => `cpu${cpu}'s write-combining buffer holds the newer ${name}`));
  const where = held.length > 0 ? `${held.join('; ')}; DRAM still has ${name} = ${dram}.` : `The newer value of ${name} is nowhere any more; DRAM has ${name} = ${dram}.`;
  return [{ event, text: where, sources: [sdmCaches] }];
}

/** Why the device's access did not snoop. */
function bypassLinks(history: History, event: number, device: number, word: number): Link[] {
  const { topology } = history.model.world;
  const model = topology.devices[device];
  const tlp = history.before(event, (code) => code === NOTE.tlp);
  const read = tlp >= 0 ? describeEvent(history.model, history.log, tlp)?.text : undefined;
  const unit = topology.iommus[model?.iommu ?? -1];
  const override =
    unit === undefined
      ? 'no IOMMU translates for the device, so nothing overrides the attribute'
      : unit.driver === 'vt-d' && !unit.snoopControl
        ? `${unit.name} has no snoop control, so its entries cannot carry SNP and nothing overrides the attribute`
        : `the I/O page table entry of ${history.wordName(word)} does not carry SNP, so nothing overrides the attribute`;
  return [{ event: tlp, text: `${read ?? 'The device reads'} (${history.placeText(event)}): ${override}.`, sources: [noSnoopSource, snoopBehavior] }];
}

function staleCpuRead(history: History, event: number, word: number, vcpu: number): Link[] {
  const { ghost, memory, topology } = history.model.world;
  const version = history.valueAt(ghost.deviceWrite.base + word, event);
  const write = history.lastChange(memory.latest.base + word, event, version);
  const actor = topology.actors.filter((a) => a.kind === 'vcpu')[vcpu];
  const cleared = history.lastChange(ghost.mayHoldOld.base + vcpu * topology.words.length + word, event, 0);
  const load = history.before(event, (code) => code === NOTE.access);
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    ...(cleared >= 0 ? [{ event: cleared, text: `${actor?.name} gave up what it held of the line (${history.placeText(cleared)}): from here on it must see the device's value.`, sources: [sdmCaches] }] : []),
    ...(cleared >= 0 && history.routineName(cleared) === 'wbinvd' ? missedFlush(history, cleared, word, version) : []),
    { event: load, text: `${(load >= 0 && describeEvent(history.model, history.log, load)?.text) || 'It loads'}: an old copy was still in the cache (${history.placeText(event)}).`, sources: [sdmCaches] },
  ];
}

function lostWrite(history: History, event: number, word: number, cpu: number): Link[] {
  const { ghost, memory } = history.model.world;
  const version = history.valueAt(ghost.deviceWrite.base + word, event);
  const write = history.lastChange(memory.latest.base + word, event, version);
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    {
      event,
      text: `cpu${cpu} writes its modified line back over it (${history.placeText(event)}), though the guest had cleaned the line.`,
      sources: [sdmCaches],
    },
  ];
}

/** The explanation as plain lines, numbered, for a console. */
export function whyText(explanation: Explanation): string[] {
  return [
    explanation.headline,
    ...explanation.links.map((link, i) => `${i + 1}. ${link.text}`),
    ...(explanation.modelFinding ? ['This is a model finding: no upstream text describes it.'] : []),
  ];
}
