/**
 * An old value that bare metal may give too: where the newest one is, and what of the guest's would have brought it to
 * memory before the device read.
 */
import { BUFFERED } from '../../cpu/store-buffer.ts';
import { LINE } from '../../memory/memory.ts';
import type { CpuId } from '../../state/ids.ts';
import { NOTE } from '../../state/machine.ts';
import { isX86 } from '../../topology.ts';
import { describeEvent } from '../event-text.ts';
import type { History } from '../history.ts';
import { nodeOfStep } from '../statement-text.ts';
import { bypassLinks } from './bypass.ts';
import { type Link, sdmCaches, whereIsIt, writeLink } from './link.ts';
import { writtenOver } from './lost-write.ts';

export function unflushedReadChain(history: History, event: number, word: number, reader: number): Link[] {
  const { latest } = history.model.world.memory;
  const newest = history.valueAt(latest.base + word, event);
  const write = history.lastChange(latest.base + word, event, newest);
  const over = writtenOver(history, event, word, newest);
  const drained = over ? -1 : drainedOver(history, event, word, newest);
  const where = over
    ? destroyedLinks(history, over, word, write)
    : [
        writeLink(history, write, word),
        ...(drained >= 0
          ? [drainLink(history, drained, word)]
          : [...whereIsIt(history, event, word, newest), omissionLink(history, event, word, write)]),
      ];
  return [...where, ...bypassLinks(history, event, reader - 1, word)];
}

/** Where an older store left a write-combining buffer and went over the newest version, or -1. */
function drainedOver(history: History, event: number, word: number, newest: number): number {
  const slot = history.model.world.memory.dramVersion.base + word;
  return history.lastChangeWhere(slot, event, (old, value) => old >= newest && value < newest);
}

function drainLink(history: History, event: number, word: number): Link {
  return {
    event,
    text: `An older store to ${history.wordName(word)} leaves its write-combining buffer and lands over it (${history.placeText(event)}): no fence came between the two, and bare metal may do the same.`,
    sources: [sdmCaches],
  };
}

/** A line that was modified before the newest write, or beside it, went over it. */
function destroyedLinks(
  history: History,
  over: { readonly event: number; readonly cpu: number },
  word: number,
  write: number,
): Link[] {
  const name = history.wordName(word);
  const { memory, topology } = history.model.world;
  const line = topology.words[word]!.line;
  const slot = memory.lineState.base + over.cpu * topology.lines.length + line;
  const modified = history.lastChange(slot, over.event, LINE.modified);
  const access = history.before(modified, (code) => code === NOTE.access);
  const store = access >= 0 ? describeEvent(history.model, history.log, access)?.text : undefined;
  const dirty: Link = {
    event: modified,
    text: `${store ?? `cpu${over.cpu} stores to the line of ${name}`} (${history.placeText(modified)}): cpu${over.cpu} holds the line modified from here on.`,
    sources: [sdmCaches],
  };
  const newer = writeLink(history, write, word);
  const past: Link = {
    ...newer,
    text: `${newer.text.slice(0, -1)}: it goes past the caches, and the modified line stays.`,
  };
  const back: Link = {
    event: over.event,
    text: `cpu${over.cpu} writes the line back (${history.placeText(over.event)}), with the older ${name} over the newer one. The guest did not flush the line between its store and the access past the caches, and bare metal may do the same.`,
    sources: [sdmCaches],
  };
  return modified < write ? [dirty, past, back] : [newer, dirty, back];
}

/** What should have come between the write and the read, and what came in its place. */
function omissionLink(history: History, event: number, word: number, write: number): Link {
  const { topology } = history.model.world;
  const late = lateFlush(history, event, word);
  const others = late ? undefined : flushOfAnother(history, write, event);
  const combining = history.combiningHolders(event, word).length > 0;
  const missing = combining
    ? 'No fence and no uncached access comes between that drains the buffer'
    : isX86(topology.cpu)
      ? 'No CLFLUSH, CLWB or WBINVD comes between that writes the line back'
      : 'Nothing cleans the line in between';
  const what = late ?? (others === undefined ? missing : anotherText(history, others));
  const byHost = topology.actors[history.actorOf(write)]?.kind === 'host';
  return {
    event: others ?? -1,
    text: byHost ? `${what}.` : `${what}: bare metal may give the device the old value too.`,
    sources: [sdmCaches],
  };
}

/** A flush of the line that was executed and has not taken effect. */
function lateFlush(history: History, event: number, word: number): string | undefined {
  const { cpu: cpus, topology } = history.model.world;
  const { storeBuffers } = cpus;
  if (!storeBuffers.on) return undefined;
  const state = history.stateAt(event);
  for (let cpu = 0; cpu < topology.cpu.count; cpu++) {
    const flush = storeBuffers
      .list(state, cpu as CpuId)
      .find(({ kind, target }) => FLUSHES.includes(kind) && target === topology.words[word]?.line);
    if (flush)
      return `cpu${cpu} has executed ${flush.kind.toUpperCase()}, which waits in its store buffer until a fence, and none comes between`;
  }
  return undefined;
}

const FLUSHES: readonly string[] = BUFFERED.filter((kind) => kind.startsWith('cl'));

/** The step of a WBINVD between the write and the read. That of the CPU that holds the line would be a promise. */
function flushOfAnother(history: History, write: number, event: number): number | undefined {
  const { run } = history;
  for (let step = run.stepOfEvent(event); step > run.stepOfEvent(Math.max(write, 0)); step--) {
    const { actor, firstEvent } = run.step(step);
    if (actor < 0) continue;
    const node = history.model.nodes[nodeOfStep(run, step)];
    if (node?.kind === 'statement' && node.routine.name.startsWith('wb')) return firstEvent;
  }
  return undefined;
}

function anotherText(history: History, event: number): string {
  return `${history.actorText(event)} executes ${history.statementRoutine(event).toUpperCase()} (${history.placeText(event)}), which promises nothing about the caches of other CPUs`;
}
