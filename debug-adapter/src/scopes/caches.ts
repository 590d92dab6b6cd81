/** Caches: for each physical CPU the state of each line and the values in it; where a copy is old, it says "stale". */
import { LINE, LINE_STATES } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { type Format, type Item, indices, openableItem, type Scope } from './item.ts';
import { lineState, newestVersion } from './words.ts';

export const cachesScope: Scope = {
  name: 'Caches',
  items({ moment }) {
    const { topology } = moment.model.world;
    if (topology.lines.length === 0) return undefined;
    return () =>
      indices(topology.cpu.count).map((cpu) =>
        openableItem(`cpu${cpu}`, cacheText(moment, cpu), (format) => lineItems(moment, cpu, format), {
          type: 'a private write-back cache, MESI',
        }),
      );
  },
};

function cacheText(moment: Moment, cpu: number): string {
  const { lines, words } = moment.model.world.topology;
  const held = lines.flatMap((line, index) => {
    const state = lineState(moment, cpu, index);
    return state === LINE.invalid
      ? []
      : [`${line.words.map((word) => words[word]?.name).join('+')} ${LINE_STATES[state]}`];
  });
  return held.length > 0 ? held.join(', ') : 'empty';
}

export function lineItems(moment: Moment, cpu: number, format: Format): Item[] {
  const { topology } = moment.model.world;
  return topology.lines.map((line, index): Item => {
    const state = lineState(moment, cpu, index);
    const name = line.words.map((word) => topology.words[word]?.name).join('+');
    const first = topology.words[line.words[0] ?? 0]?.name;
    const buffered = line.words.filter(
      (word) => moment.read(moment.model.world.memory.wcValid, cpu * topology.words.length + word) !== 0,
    );
    if (state === LINE.invalid && buffered.length === 0)
      return { name, value: 'I', type: 'a cache line', evaluateName: `cache(cpu${cpu}, ${first})` };
    const values = line.words.map(
      (word) =>
        `${topology.words[word]?.name} = ${format.number(valueIn(moment, cpu, word))}${staleMark(moment, cpu, word, state)}`,
    );
    return openableItem(
      name,
      `${LINE_STATES[state]}${state === LINE.invalid ? '' : `: ${values.join(', ')}`}${buffered.length > 0 ? ', stores wait in the write-combining buffer' : ''}`,
      (f) => wordItems(moment, cpu, line.words, state, f),
      { type: 'a cache line', whole: true, evaluateName: `cache(cpu${cpu}, ${first})` },
    );
  });
}

function wordItems(moment: Moment, cpu: number, words: readonly number[], state: number, format: Format): Item[] {
  const { memory, topology } = moment.model.world;
  return words.flatMap((word): Item[] => {
    const at = cpu * topology.words.length + word;
    const name = topology.words[word]?.name ?? '';
    const cached: Item[] =
      state === LINE.invalid
        ? []
        : [
            {
              name,
              value: `${format.number(moment.read(memory.cached, at))}${staleMark(moment, cpu, word, state)}`,
              type: `version ${moment.read(memory.cachedVersion, at)} of ${newestVersion(moment, word)}`,
            },
          ];
    const combined: Item[] =
      moment.read(memory.wcValid, at) === 0
        ? []
        : [
            {
              name: `${name} (write-combining)`,
              value: format.number(moment.read(memory.wcValue, at)),
              type: `version ${moment.read(memory.wcVersion, at)} of ${newestVersion(moment, word)}`,
            },
          ];
    return [...cached, ...combined];
  });
}

function valueIn(moment: Moment, cpu: number, word: number): number {
  const { memory, topology } = moment.model.world;
  return moment.read(memory.cached, cpu * topology.words.length + word);
}

function staleMark(moment: Moment, cpu: number, word: number, state: number): string {
  const { memory, topology } = moment.model.world;
  const version = moment.read(memory.cachedVersion, cpu * topology.words.length + word);
  return state !== LINE.invalid && version < newestVersion(moment, word) ? ' (stale)' : '';
}
