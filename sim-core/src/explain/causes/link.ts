/** Links of an explanation, and those that several chains share. */
import type { Source } from '../../ops/op.ts';
import { NOTE } from '../../state/machine.ts';
import { describeEvent } from '../event-text.ts';
import type { History } from '../history.ts';
import { guestTypes } from './guest-type.ts';

/** One cause: the event that shows it (-1 for what was so from the start), what it says, and where that is written. */
export interface Link {
  readonly event: number;
  readonly text: string;
  readonly sources: readonly Source[];
}

export const sdmCaches: Source = { document: 'Intel SDM', place: 'volume 3, "Memory Cache Control"' };
export const noSnoopSource: Source = { document: 'PCIe', place: 'Base Specification, "No Snoop Attribute"' };
export const snoopBehavior: Source = { document: 'Intel VT-d', place: 'Architecture Specification, "Snoop Behavior"' };
export const emulateSource: Source = { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip()' };
export const loadSource: Source = { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_arch_vcpu_load()' };
export const coherencySource: Source = { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_update_coherency()' };
export const memtypeSource: Source = { document: 'linux', place: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()' };

/** The store that made the version. */
export function writeLink(history: History, event: number, word: number): Link {
  const access = history.before(event, (code) => code === NOTE.access || code === NOTE.tlp);
  const text = access >= 0 ? describeEvent(history.model, history.log, access)?.text : undefined;
  return {
    event: Math.max(access, 0),
    text: `${text ?? `${history.wordName(word)} is written`} (${history.placeText(event)}).`,
    sources: [sdmCaches],
  };
}

/** What the guest did so that the version must be in DRAM. */
export function promiseLink(history: History, event: number, word: number): Link {
  const text = `${history.actorText(event)} ${promiseText(history, event, word)} (${history.placeText(event)}).`;
  return { event, text, sources: [sdmCaches] };
}

function promiseText(history: History, event: number, word: number): string {
  const name = history.routineName(event);
  const inDram = `from here on ${history.wordName(word)} must be in DRAM`;
  if (name === 'wbinvd' || name === 'wbnoinvd') return `executes ${name.toUpperCase()}: ${inDram}`;
  if (name.startsWith('clflush') || name === 'clwb') return `flushes the line: ${inDram}`;
  if (name === 'MWr') return 'writes past the caches: DRAM has the new value';
  if (name.endsWith('fence'))
    return `executes ${name.toUpperCase()}, before which its write-combining buffers drain: ${inDram}`;
  const stores = history.before(event, (code) => code === history.model.world.memory.latest.base + word) >= 0;
  if (stores) return `stores to memory ${withoutWaiting(guestTypes(history, event, word)?.effective)}: ${inDram}`;
  return `makes an uncached access, before which its write-combining buffers drain: ${inDram}`;
}

function withoutWaiting(type: string | undefined): string {
  if (type === 'WT') return 'that the guest makes write-through';
  if (type === 'WP') return 'that the guest makes write-protected, so that stores go to memory';
  return 'that the guest itself does not cache';
}

/** Where the new value is, and what DRAM has instead. */
export function whereIsIt(history: History, event: number, word: number, version: number): Link[] {
  const { memory } = history.model.world;
  const dram = history.valueAt(memory.dram.base + word, event);
  const holders = history.holders(event, word, version);
  const name = history.wordName(word);
  const held = holders.map(
    (cpu) => `cpu${cpu}'s cache holds the newer ${name} = ${history.cachedValue(event, cpu, word)}, modified`,
  );
  const combining = history.combiningHolders(event, word);
  held.push(...combining.map((cpu) => `cpu${cpu}'s write-combining buffer holds the newer ${name}`));
  const where =
    held.length > 0
      ? `${held.join('; ')}; DRAM still has ${name} = ${dram}.`
      : `The newer value of ${name} is nowhere any more; DRAM has ${name} = ${dram}.`;
  return [{ event, text: where, sources: [sdmCaches] }];
}
