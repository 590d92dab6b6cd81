/** A write that an older line destroyed: whose copy that was, why the guest's flush did not drop it, and what wrote it back. */
import { LINE } from '../../memory/memory.ts';
import { NOTE } from '../../state/machine.ts';
import { describeEvent } from '../event-text.ts';
import type { History } from '../history.ts';
import { missedFlush } from './flush.ts';
import { type Link, noSnoopSource, promiseLink, sdmCaches, writeLink } from './link.ts';

/** The finding is made just before the line of `cpu` goes over the device's write. */
export function lostWriteChain(history: History, event: number, word: number, cpu: number): Link[] {
  return lostWriteLinks(
    history,
    event,
    word,
    cpu,
    history.valueAt(history.model.world.ghost.deviceWrite.base + word, event),
  );
}

/** The write-back that put something older over a version of a word in DRAM, unless the version is elsewhere still. */
export function writtenOver(
  history: History,
  event: number,
  word: number,
  version: number,
): { readonly event: number; readonly cpu: number } | undefined {
  const { memory } = history.model.world;
  if (history.holders(event, word, version).length + history.combiningHolders(event, word).length > 0) return undefined;
  const over = history.lastChangeWhere(
    memory.dramVersion.base + word,
    event,
    (old, value) => old >= version && value < version,
  );
  if (over < 0) return undefined;
  const writeback = history.before(over, (code) => code === NOTE.writeback);
  return writeback < 0 ? undefined : { event: writeback, cpu: history.operand(writeback, 1) };
}

/** `event` is where the line of `cpu` is written back over `version` of the word. */
export function lostWriteLinks(history: History, event: number, word: number, cpu: number, version: number): Link[] {
  const { memory, topology } = history.model.world;
  const line = topology.words[word]!.line;
  const state = memory.lineState.base + cpu * topology.lines.length + line;
  const write = history.lastChange(memory.latest.base + word, event, version);
  const filled = history.lastChangeWhere(state, event, (old, value) => old === LINE.invalid && value !== LINE.invalid);
  const modified = history.lastChange(state, event, LINE.modified);
  const promise = droppedAt(history, write, event, word);
  const name = history.wordName(word);
  const cleaned = promise >= 0 || history.lastChange(history.model.world.ghost.dirtyIn.base + line, write, 0) >= 0;
  return [
    ...(filled >= 0 && filled < write
      ? [
          {
            event: filled,
            text: `cpu${cpu} takes the line into its cache (${history.placeText(filled)}), with ${name} = ${history.cachedValue(event, cpu, word)}.`,
            sources: [sdmCaches],
          },
        ]
      : []),
    ...(write >= 0 ? [{ ...writeLink(history, write, word), sources: [noSnoopSource] }] : []),
    ...(promise >= 0 ? dropLinks(history, promise, word, cpu) : cleanedLinks(history, write, line)),
    ...(modified >= 0 ? [modifiedLink(history, modified, cpu, name, write)] : []),
    {
      event,
      text: `cpu${cpu} writes its modified line, with the old ${name}, back over it (${history.placeText(event)})${cleaned ? ', though the guest had cleaned the line' : ''}.`,
      sources: [sdmCaches],
    },
  ];
}

/** Where the last vCPU gave up an old copy of the word after the write: on bare metal nobody has one from then on. */
function droppedAt(history: History, write: number, event: number, word: number): number {
  const { ghost, topology } = history.model.world;
  const words = topology.words.length;
  const { base, size } = ghost.mayHoldOld;
  const at = history.lastBefore(event, (slot) => slot >= base && slot < base + size && (slot - base) % words === word);
  const dropped = at > write && history.operand(at, 2) === 0;
  return dropped && isFlush(history.routineName(at)) ? at : -1;
}

function isFlush(name: string): boolean {
  return name === 'wbinvd' || name.startsWith('clflush') || name.startsWith('kvm_emulate_wbinvd');
}

/** What should have dropped the old copy, and why it did not. */
function dropLinks(history: History, promise: number, word: number, cpu: number): Link[] {
  const routine = history.statementRoutine(promise);
  const byWbinvd = routine === 'wbinvd' || history.routineName(promise).includes('wbinvd');
  if (!byWbinvd) return [promiseLink(history, promise, word)];
  return [
    {
      event: promise,
      text: `${history.actorText(promise)} executes WBINVD (${history.placeText(promise)}): from here on no cache may hold the old ${history.wordName(word)}.`,
      sources: [sdmCaches],
    },
    ...missedFlush(history, promise, [cpu]),
  ];
}

/** The guest had nothing modified there when the device wrote. */
function cleanedLinks(history: History, write: number, line: number): Link[] {
  const cleaned = history.lastChange(history.model.world.ghost.dirtyIn.base + line, write, 0);
  if (cleaned < 0) {
    return [
      {
        event: -1,
        text: 'The guest had stored nothing to the line before the device wrote: on bare metal no cache holds it modified.',
        sources: [sdmCaches],
      },
    ];
  }
  return [
    {
      event: cleaned,
      text: `The guest had written the line back before (${history.placeText(cleaned)}): on bare metal no cache holds it modified.`,
      sources: [sdmCaches],
    },
  ];
}

/** The store, mostly to another word of the line, that made the old line worth writing back. */
function modifiedLink(history: History, event: number, cpu: number, name: string, write: number): Link {
  const access = history.before(event, (code) => code === NOTE.access);
  const text = access >= 0 ? describeEvent(history.model, history.log, access)?.text : undefined;
  const hits = event > write ? `it hits the old line, which is now modified` : `the line is modified from now on`;
  return {
    event,
    text: `${text ?? `cpu${cpu} stores to the line of ${name}`} (${history.placeText(event)}): ${hits}.`,
    sources: [sdmCaches],
  };
}
