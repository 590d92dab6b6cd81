/** Where the versions of a word are, and what each observer would read now. Nothing here touches a cache. */
import { coherentWord, type DeviceId, deviceReads, LINE, LINE_STATES } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { indices } from './item.ts';

/** One place that holds a value of a word. */
export interface Holder {
  /** `DRAM`, `cpu0's cache (M)`, `cpu1's write-combining buffer`. */
  readonly where: string;
  /** The view of memory in which its bytes are: `dram`, `cpu0`. */
  readonly view?: string;
  readonly value: number;
  readonly version: number;
}

export function newestVersion(moment: Moment, word: number): number {
  return moment.read(moment.model.world.memory.latest, word);
}

/** Everything that holds the word: DRAM first, then caches and write-combining buffers by CPU. */
export function holders(moment: Moment, word: number): Holder[] {
  const { memory, topology } = moment.model.world;
  const words = topology.words.length;
  const all: Holder[] = [
    {
      where: 'DRAM',
      view: 'dram',
      value: moment.read(memory.dram, word),
      version: moment.read(memory.dramVersion, word),
    },
  ];
  for (const cpu of indices(topology.cpu.count)) {
    const at = cpu * words + word;
    const state = lineState(moment, cpu, topology.words[word]?.line ?? 0);
    if (state !== LINE.invalid) {
      all.push({
        where: `cpu${cpu}'s cache (${LINE_STATES[state]})`,
        view: `cpu${cpu}`,
        value: moment.read(memory.cached, at),
        version: moment.read(memory.cachedVersion, at),
      });
    }
    if (moment.read(memory.wcValid, at) !== 0) {
      all.push({
        where: `cpu${cpu}'s write-combining buffer`,
        value: moment.read(memory.wcValue, at),
        version: moment.read(memory.wcVersion, at),
      });
    }
  }
  return all;
}

export function lineState(moment: Moment, cpu: number, line: number): number {
  const { memory, topology } = moment.model.world;
  return moment.read(memory.lineState, cpu * topology.lines.length + line);
}

/** What a coherent observer reads: any CPU through its cache, any snooped TLP. */
export function coherentValue(moment: Moment, word: number): number {
  return coherentWord(moment.model.world, moment.state, word);
}

/** What a device's MRd of the word would do now. */
export function deviceView(
  moment: Moment,
  device: DeviceId,
  word: number,
): { readonly value?: number; readonly how: string } {
  return deviceReads(moment.model.world, moment.state, device, word);
}
