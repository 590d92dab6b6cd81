/** Where the versions of a word are, and what each observer would read now. Nothing here touches a cache. */
import { coherentWord, type DeviceId, IOPTE, LINE, LINE_STATES, type PageId } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { indices } from './item.ts';

/** One place that holds a value of a word. */
export interface Holder {
  /** `DRAM`, `cpu0's cache (M)`, `cpu1's write-combining buffer`. */
  readonly where: string;
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
    { where: 'DRAM', value: moment.read(memory.dram, word), version: moment.read(memory.dramVersion, word) },
  ];
  for (const cpu of indices(topology.cpu.count)) {
    const at = cpu * words + word;
    const state = lineState(moment, cpu, topology.words[word]?.line ?? 0);
    if (state !== LINE.invalid) {
      all.push({
        where: `cpu${cpu}'s cache (${LINE_STATES[state]})`,
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
  const { world } = moment.model;
  const model = world.topology.devices[device];
  const page = world.topology.words[word]?.page as PageId;
  const here =
    model && model.iommu < 0
      ? IOPTE.read | ((page + 1) << IOPTE.pageShift)
      : world.iommu.lookup(moment.machine, device, page);
  if (entryFaults(moment, device, here)) return { how: 'blocked by the IOMMU' };
  const target = targetWord(moment, word, (here >> IOPTE.pageShift) - 1);
  if (target < 0) return { how: 'mapped to memory that the scenario does not name' };
  if (world.pcie.bypasses(moment.machine, device, true, here)) {
    return { value: moment.read(world.memory.dram, target), how: 'no snoop: DRAM' };
  }
  return { value: coherentValue(moment, target), how: 'snooped' };
}

function entryFaults(moment: Moment, device: number, entry: number): boolean {
  const { topology } = moment.model.world;
  const unit = topology.iommus[topology.devices[device]?.iommu ?? -1];
  const reservedBit = (entry & IOPTE.snoop) !== 0 && unit?.driver === 'vt-d' && !unit.snoopControl;
  return entry === 0 || (entry & IOPTE.read) === 0 || reservedBit;
}

/** The word at the same offset of another page. */
function targetWord(moment: Moment, word: number, page: number): number {
  const { topology } = moment.model.world;
  const own = topology.words[word]?.page ?? -1;
  if (page === own) return word;
  return topology.pages[page]?.words[topology.pages[own]?.words.indexOf(word) ?? -1] ?? -1;
}
