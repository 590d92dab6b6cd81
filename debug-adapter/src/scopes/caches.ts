/** Caches: for each physical CPU the state of each line and the values in it; where a copy is old, it says "stale". */
import { LINE, LINE_STATES } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { type Format, group, type Item, type Scope, those } from './item.ts';
import { lineState, newestVersion } from './words.ts';

export const cachesScope: Scope = {
  name: 'Caches',
  items({ snapshot }) {
    const { topology } = snapshot.model.world;
    if (topology.lines.length === 0) return undefined;
    return () =>
      those(topology.cpu.count).map((cpu) =>
        group(`cpu${cpu}`, cacheText(snapshot, cpu), (format) => lineItems(snapshot, cpu, format), {
          type: 'a private write-back cache, MESI',
        }),
      );
  },
};

function cacheText(snapshot: Snapshot, cpu: number): string {
  const { lines, words } = snapshot.model.world.topology;
  const held = lines.flatMap((line, index) => {
    const state = lineState(snapshot, cpu, index);
    return state === LINE.invalid
      ? []
      : [`${line.words.map((word) => words[word]?.name).join('+')} ${LINE_STATES[state]}`];
  });
  return held.length > 0 ? held.join(', ') : 'empty';
}

export function lineItems(snapshot: Snapshot, cpu: number, format: Format): Item[] {
  const { topology } = snapshot.model.world;
  return topology.lines.map((line, index): Item => {
    const state = lineState(snapshot, cpu, index);
    const name = line.words.map((word) => topology.words[word]?.name).join('+');
    const first = topology.words[line.words[0] ?? 0]?.name;
    const buffered = line.words.filter(
      (word) => snapshot.read(snapshot.model.world.memory.wcValid, cpu * topology.words.length + word) !== 0,
    );
    if (state === LINE.invalid && buffered.length === 0)
      return { name, value: 'I', type: 'a cache line', evaluateName: `cache(cpu${cpu}, ${first})` };
    const values = line.words.map(
      (word) =>
        `${topology.words[word]?.name} = ${format.number(valueIn(snapshot, cpu, word))}${staleMark(snapshot, cpu, word, state)}`,
    );
    return group(
      name,
      `${LINE_STATES[state]}${state === LINE.invalid ? '' : `: ${values.join(', ')}`}${buffered.length > 0 ? ', stores wait in the write-combining buffer' : ''}`,
      (f) => wordItems(snapshot, cpu, line.words, state, f),
      { type: 'a cache line', whole: true, evaluateName: `cache(cpu${cpu}, ${first})` },
    );
  });
}

function wordItems(snapshot: Snapshot, cpu: number, words: readonly number[], state: number, format: Format): Item[] {
  const { memory, topology } = snapshot.model.world;
  return words.flatMap((word): Item[] => {
    const at = cpu * topology.words.length + word;
    const name = topology.words[word]?.name ?? '';
    const cached: Item[] =
      state === LINE.invalid
        ? []
        : [
            {
              name,
              value: `${format.number(snapshot.read(memory.cached, at))}${staleMark(snapshot, cpu, word, state)}`,
              type: `version ${snapshot.read(memory.cachedVersion, at)} of ${newestVersion(snapshot, word)}`,
            },
          ];
    const combined: Item[] =
      snapshot.read(memory.wcValid, at) === 0
        ? []
        : [
            {
              name: `${name} (write-combining)`,
              value: format.number(snapshot.read(memory.wcValue, at)),
              type: `version ${snapshot.read(memory.wcVersion, at)} of ${newestVersion(snapshot, word)}`,
            },
          ];
    return [...cached, ...combined];
  });
}

function valueIn(snapshot: Snapshot, cpu: number, word: number): number {
  const { memory, topology } = snapshot.model.world;
  return snapshot.read(memory.cached, cpu * topology.words.length + word);
}

function staleMark(snapshot: Snapshot, cpu: number, word: number, state: number): string {
  const { memory, topology } = snapshot.model.world;
  const version = snapshot.read(memory.cachedVersion, cpu * topology.words.length + word);
  return state !== LINE.invalid && version < newestVersion(snapshot, word) ? ' (stale)' : '';
}
