/** Chains of the coherency findings: the write, the promise, why it was not kept, the read. */
import { EVENT_WIDTH } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import { describeEvent } from '../event-text.ts';
import type { History } from '../history.ts';
import { missedFlush } from './flush.ts';
import { type Link, noSnoopSource, promiseLink, sdmCaches, snoopBehavior, whereIsIt, writeLink } from './link.ts';
import { missedUncached } from './memory-type.ts';

export function staleDeviceRead(history: History, event: number, word: number, device: number): Link[] {
  const { model } = history;
  const { memory } = model.world;
  const { promised, promise } = promiseOf(history, event, word);
  const write = history.lastChange(memory.latest.base + word, event, promised);
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    ...(promise >= 0 ? [promiseLink(history, promise, word)] : []),
    ...missedCarrier(history, write, promise, word, promised),
    ...whereIsIt(history, event, word, promised),
    ...bypassLinks(history, event, device, word),
  ];
}

/** The version that bare metal would have had in DRAM at least, and the event that made it so (-1: the start). */
function promiseOf(history: History, event: number, word: number): { promised: number; promise: number } {
  const { ghost, topology } = history.model.world;
  const slots = [ghost.guaranteed.base + word, ghost.underDirty.base + word];
  const dirty = ghost.dirtyIn.base + (topology.words[word]?.line as number);
  const values = new Map([...slots, dirty].map((slot) => [slot, history.valueAt(slot, event)]));
  const bound = (): number => {
    const [clean = 0, below = 0] = slots.map((slot) => values.get(slot) as number);
    return values.get(dirty) === 0 ? clean : Math.min(clean, below);
  };
  const promised = bound();
  for (let e = event - 1; e >= 0; e--) {
    const slot = history.log[e * EVENT_WIDTH] as number;
    if (!values.has(slot)) continue;
    values.set(slot, history.operand(e, 1));
    if (bound() < promised) return { promised, promise: e };
  }
  return { promised, promise: -1 };
}

/** Why what should have carried the version did not. */
function missedCarrier(history: History, write: number, promise: number, word: number, version: number): Link[] {
  if (promise < 0) return [];
  const name = history.routineName(promise);
  if (name === 'wbinvd' || name === 'wbnoinvd') return missedFlush(history, promise, word, version);
  if (write >= 0 && history.routineName(write).startsWith('mov')) return missedUncached(history, write, word);
  return [];
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
  return [
    {
      event: tlp,
      text: `${read ?? 'The device reads'} (${history.placeText(event)}): ${override}.`,
      sources: [noSnoopSource, snoopBehavior],
    },
  ];
}

export function staleCpuRead(history: History, event: number, word: number, vcpu: number): Link[] {
  const { ghost, memory, topology } = history.model.world;
  const version = history.valueAt(ghost.guaranteed.base + word, event);
  const write = history.lastChange(memory.latest.base + word, event, version);
  const actor = topology.actors.filter((a) => a.kind === 'vcpu')[vcpu];
  const cleared = history.lastChange(ghost.mayHoldOld.base + vcpu * topology.words.length + word, event, 0);
  const load = history.before(event, (code) => code === NOTE.access);
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    ...(cleared >= 0
      ? [
          {
            event: cleared,
            text: `${actor?.name} gave up what it held of the line (${history.placeText(cleared)}): from here on it must see the device's value.`,
            sources: [sdmCaches],
          },
        ]
      : []),
    ...(cleared >= 0 && history.routineName(cleared) === 'wbinvd' ? missedFlush(history, cleared, word, version) : []),
    {
      event: load,
      text: `${(load >= 0 && describeEvent(history.model, history.log, load)?.text) || 'It loads'}: an old copy was still in the cache (${history.placeText(event)}).`,
      sources: [sdmCaches],
    },
  ];
}

export function lostWrite(history: History, event: number, word: number, cpu: number): Link[] {
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

/** The host reads a page that came back, and its cache still has what was there before. */
export function staleHostRead(history: History, event: number, word: number): Link[] {
  const { memory } = history.model.world;
  const newest = history.valueAt(memory.latest.base + word, event);
  const write = history.lastChange(memory.latest.base + word, event, newest);
  const load = history.before(event, (code) => code === NOTE.access);
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    {
      event: Math.max(load, 0),
      text: `The page came back to the host, the CPU caches had not been flushed, and the host reads the line that was there before (${history.placeText(event)}).`,
      sources: [sdmCaches],
    },
  ];
}

/** A device or guest reads what the page held before the host overwrote it. */
export function leaked(history: History, event: number, word: number, reader: number): Link[] {
  const { ghost, memory } = history.model.world;
  const given = history.valueAt(ghost.given.base + word, event);
  const write = history.lastChange(memory.latest.base + word, event, given);
  const gave = history.lastChange(ghost.given.base + word, event, given);
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    {
      event: Math.max(gave, 0),
      text: `The host gives the page to the VM (${history.placeText(gave)}) without flushing it from the CPU caches.`,
      sources: [sdmCaches],
    },
    ...whereIsIt(history, event, word, given),
    ...(reader > 0 ? bypassLinks(history, event, reader - 1, word) : []),
  ];
}
