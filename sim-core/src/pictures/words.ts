/** Where the versions of a word are, and what each observer would read now. Nothing here touches a cache. */
import { IOPTE } from '../iommu/iommu.ts';
import { COMBINING, LINE, LINE_STATES } from '../memory/memory.ts';
import { coherentWord } from '../scenario/elaborate/wait.ts';
import type { CpuId, DeviceId } from '../state/ids.ts';
import type { World } from '../world.ts';

/** A word as one place holds it or one device reads it. */
export interface WordView {
  /** The value, or why there is none. */
  readonly text: string;
  /** MESI state of the line in a cache; `-` where a device is blocked. */
  readonly letter?: string;
  /** There is a newer version somewhere. */
  readonly stale?: boolean;
  /** What else belongs to it: `snooped`, `2 waits in the write-combining buffer`. */
  readonly note?: string;
}

export const NOT_HELD: WordView = { text: '', letter: 'I' };

export function inDram({ memory }: World, state: Int32Array, word: number): WordView {
  const version = state[memory.dramVersion.base + word]!;
  return {
    text: String(state[memory.dram.base + word]),
    ...(version < state[memory.latest.base + word]! && { stale: true }),
  };
}

export function inCache(world: World, state: Int32Array, cpu: number, word: number): WordView {
  const { memory, topology } = world;
  const line = topology.words[word]?.line ?? 0;
  const at = cpu * topology.words.length + word;
  const mesi = state[memory.lineState.base + cpu * topology.lines.length + line]!;
  const waiting = waitingStores(world, state, cpu, word);
  if (mesi === LINE.invalid) return waiting ? { ...NOT_HELD, note: waiting } : NOT_HELD;
  const version = state[memory.cachedVersion.base + at]!;
  return {
    text: String(state[memory.cached.base + at]),
    letter: LINE_STATES[mesi]!,
    ...(version < state[memory.latest.base + word]! && { stale: true }),
    ...(waiting && { note: waiting }),
  };
}

/** What has been stored and is in no cache and not in DRAM. */
function waitingStores({ cpu, memory, topology }: World, state: Int32Array, index: number, word: number): string {
  const at = index * topology.words.length + word;
  const combining = state[memory.wcValid.base + at] !== COMBINING.none;
  const stores = cpu.storeBuffers
    .list(state, index as CpuId)
    .filter(({ kind, target }) => (kind === 'store' || kind === 'movnti') && target === word);
  return [
    ...(combining ? [`${state[memory.wcValue.base + at]} in the write-combining buffer`] : []),
    ...stores.map(({ value }) => `${value} in the store buffer`),
  ].join(', ');
}

/** What a device's MRd of the word that asks for No Snoop would do now. */
export function deviceReads(
  world: World,
  state: Int32Array,
  device: DeviceId,
  word: number,
): { readonly value?: number; readonly how: string; readonly target?: number } {
  const model = world.topology.devices[device];
  const page = world.topology.words[word]!.page;
  const here =
    model && model.iommu < 0 ? IOPTE.read | ((page + 1) << IOPTE.pageShift) : world.iommu.lookupIn(state, device, page);
  if (entryFaults(world, device, here)) return { how: 'blocked by the IOMMU' };
  const target = targetWord(world, word, (here >> IOPTE.pageShift) - 1);
  if (target < 0) return { how: 'mapped to memory that the scenario does not name' };
  if (world.pcie.bypasses({ state }, device, true, here))
    return { value: state[world.memory.dram.base + target]!, how: 'no snoop: DRAM', target };
  return { value: coherentWord(world, state, target), how: 'snooped', target };
}

export function seenByDevice(world: World, state: Int32Array, device: DeviceId, word: number): WordView {
  const { value, how, target = word } = deviceReads(world, state, device, word);
  if (value === undefined) return { text: '', letter: '-', note: how };
  const { memory } = world;
  const bypasses = how !== 'snooped';
  const version = bypasses ? state[memory.dramVersion.base + target]! : newestCoherent(world, state, target);
  return {
    text: String(value),
    letter: bypasses ? 'N' : 'S',
    ...(version < state[memory.latest.base + target]! && { stale: true }),
    note: how,
  };
}

function newestCoherent({ memory, topology }: World, state: Int32Array, word: number): number {
  const line = topology.words[word]?.line ?? 0;
  for (let cpu = 0; cpu < topology.cpu.count; cpu++)
    if (state[memory.lineState.base + cpu * topology.lines.length + line] === LINE.modified)
      return state[memory.cachedVersion.base + cpu * topology.words.length + word]!;
  return state[memory.dramVersion.base + word]!;
}

function entryFaults({ topology }: World, device: number, entry: number): boolean {
  const unit = topology.iommus[topology.devices[device]?.iommu ?? -1];
  const reservedBit = (entry & IOPTE.snoop) !== 0 && unit?.driver === 'vt-d' && !unit.snoopControl;
  return entry === 0 || (entry & IOPTE.read) === 0 || reservedBit;
}

/** The word at the same offset of another page. */
function targetWord({ topology }: World, word: number, page: number): number {
  const own = topology.words[word]?.page ?? -1;
  if (page === own) return word;
  return topology.pages[page]?.words[topology.pages[own]?.words.indexOf(word) ?? -1] ?? -1;
}

/** What the guest was promised on bare metal about a word that is read past the caches. */
export function promised({ ghost, memory }: World, state: Int32Array, word: number): string {
  const newest = state[memory.latest.base + word]!;
  if (newest === 0) return 'not written yet';
  return ghost.deviceReadBound(state, word, false) === newest
    ? 'the newest value is in DRAM'
    : 'the newest value may be in a cache';
}
