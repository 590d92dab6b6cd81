/** Chains of the coherency findings: the write, the promise, why it was not kept, the read. */

import { LINE } from '../../memory/memory.ts';
import { EVENT_WIDTH } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import { describeEvent } from '../event-text.ts';
import type { History } from '../history.ts';
import { bypassLinks } from './bypass.ts';
import { missedFlush } from './flush.ts';
import { type Link, promiseLink, sdmCaches, whereIsIt, writeLink } from './link.ts';
import { lostWriteLinks, writtenOver } from './lost-write.ts';
import { missedUncached } from './memory-type.ts';

export function staleDeviceRead(history: History, event: number, word: number, device: number): Link[] {
  const { model } = history;
  const { memory } = model.world;
  const { promised, promise } = promiseOf(history, event, word);
  const write = history.lastChange(memory.latest.base + word, event, promised);
  const lost = writtenOver(history, event, word, promised);
  if (lost) {
    return [
      ...lostWriteLinks(history, lost.event, word, lost.cpu, promised),
      {
        event,
        text: `The write of ${history.wordName(word)} is lost: ${whereText(history, event, word)}.`,
        sources: [sdmCaches],
      },
      ...bypassLinks(history, event, device, word),
    ];
  }
  return [
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    ...(promise >= 0 ? [promiseLink(history, promise, word)] : []),
    ...missedCarrier(history, write, promise, word, promised),
    ...whereIsIt(history, event, word, promised),
    ...bypassLinks(history, event, device, word),
  ];
}

/** What is left of a word whose newest version is nowhere any more. */
function whereText(history: History, event: number, word: number): string {
  const { memory } = history.model.world;
  return `no cache has it, and DRAM has ${history.wordName(word)} = ${history.valueAt(memory.dram.base + word, event)}`;
}

/** The version that bare metal would have had in DRAM at least, and the event that made it so (-1: the start). */
function promiseOf(history: History, event: number, word: number): { promised: number; promise: number } {
  const { ghost, topology } = history.model.world;
  const slots = [ghost.guaranteed.base + word, ghost.underDirty.base + word];
  const dirty = ghost.dirtyIn.base + topology.words[word]!.line;
  const values = new Map([...slots, dirty].map((slot) => [slot, history.valueAt(slot, event)]));
  const bound = (): number => {
    const [clean = 0, below = 0] = slots.map((slot) => values.get(slot)!);
    return values.get(dirty) === 0 ? clean : Math.min(clean, below);
  };
  const promised = bound();
  for (let e = event - 1; e >= 0; e--) {
    const slot = history.log[e * EVENT_WIDTH]!;
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
  if (name === 'wbinvd' || name === 'wbnoinvd')
    return missedFlush(history, promise, history.holders(promise, word, version));
  if (write >= 0 && history.routineName(write).startsWith('mov')) return missedUncached(history, write, word);
  return [];
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
    ...(cleared >= 0 && history.routineName(cleared) === 'wbinvd'
      ? missedFlush(history, cleared, cachesWithCopy(history, cleared, word, version))
      : []),
    {
      event: load,
      text: `${(load >= 0 && describeEvent(history.model, history.log, load)?.text) || 'It loads'}: an old copy was still in the cache (${history.placeText(event)}).`,
      sources: [sdmCaches],
    },
  ];
}

/** pCPUs whose caches hold the word in a version that is older. */
function cachesWithCopy(history: History, event: number, word: number, version: number): number[] {
  const { memory, topology } = history.model.world;
  const line = topology.words[word]!.line;
  return Array.from({ length: topology.cpu.count }, (_, cpu) => cpu).filter(
    (cpu) =>
      history.valueAt(memory.lineState.base + cpu * topology.lines.length + line, event) !== LINE.invalid &&
      history.valueAt(memory.cachedVersion.base + cpu * topology.words.length + word, event) < version,
  );
}

/** The host reads a page that came back, and its cache still has what was there before. */
export function staleHostRead(history: History, event: number, word: number): Link[] {
  const { ghost, memory, topology } = history.model.world;
  const newest = history.valueAt(memory.latest.base + word, event);
  const write = history.lastChange(memory.latest.base + word, event, newest);
  const load = history.before(event, (code) => code === NOTE.access);
  const back = history.lastChange(ghost.returned.base + word, event, 1);
  const cpu = load < 0 ? -1 : history.operand(load, 1);
  const line = topology.words[word]!.line;
  const filled = history.lastChangeWhere(
    memory.lineState.base + cpu * topology.lines.length + line,
    event,
    (old, value) => old === LINE.invalid && value !== LINE.invalid,
  );
  return [
    ...(cpu >= 0 && filled >= 0 && filled < write
      ? [
          {
            event: filled,
            text: `cpu${cpu} takes the line into its cache (${history.placeText(filled)}), before the device writes.`,
            sources: [sdmCaches],
          },
        ]
      : []),
    ...(write >= 0 ? [writeLink(history, write, word)] : []),
    {
      event: back,
      text: `The page comes back to the host (${history.placeText(back)}), and its lines are not flushed from the CPU caches.`,
      sources: [sdmCaches],
    },
    {
      event: Math.max(load, 0),
      text: `The host reads the line that was there before (${history.placeText(event)}).`,
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
