/**
 * Guest memory as bytes, as one observer sees it: DRAM itself, a CPU through its cache, a device through its IOMMU.
 *
 * A reference is `VIEW@ADDRESS`: `dram@0x100000`, `cpu0@0x100000`, `gpu@0x100000`, `memory@0x100000` for any coherent
 * observer. A word takes eight bytes, little endian. In a page of the scenario bytes that no word names are 0; outside
 * its pages, and where the IOMMU blocks a device, nothing can be read.
 */
import { type DeviceId, LINE, type Model } from '@snoopscope/sim-core';
import type { Moment } from './moment.ts';
import { RequestError } from './request-error.ts';
import { coherentValue, deviceView, lineState } from './scopes/words.ts';

const PAGE = 0x1000n;
const WORD = 8n;

export interface MemoryView {
  /** `dram`, `memory`, a CPU or a device. */
  readonly view: string;
  readonly address: bigint;
}

/** What the protocol calls a place of memory. */
export function memoryReference(view: string, address: bigint): string {
  return `${view}@0x${address.toString(16)}`;
}

export function viewOf(model: Model, reference: string): MemoryView {
  const match = /^([A-Za-z_]\w*)@(0x[0-9a-f]+)$/i.exec(reference);
  const [, view = '', address = '0'] = match ?? [];
  if (!match || !isView(model, view))
    throw new RequestError(`${reference} is not a place in memory: write VIEW@ADDRESS, such as cpu0@0x100000.`);
  return { view, address: BigInt(address) };
}

function isView({ world }: Model, view: string): boolean {
  if (view === 'dram' || view === 'memory') return true;
  const { cpu, devices } = world.topology;
  const number = cpuOf(view);
  return number >= 0 ? number < cpu.count : devices.some(({ name }) => name === view);
}

/** The number of `cpu0`, or -1. */
export function cpuOf(view: string): number {
  const match = /^cpu(\d+)$/.exec(view);
  return match ? Number(match[1]) : -1;
}

/** Bytes from an address on, up to the first that cannot be read. */
export function readBytes(moment: Moment, { view, address }: MemoryView, count: number): Uint8Array {
  const bytes: number[] = [];
  for (let at = address; bytes.length < count; at++) {
    const byte = byteAt(moment, view, at);
    if (byte === undefined) break;
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** How many bytes from an address on cannot be read, `most` at most. */
export function unreadableBytes({ model }: Moment, address: bigint, most: number): number {
  const { pages } = model.world.topology;
  const distances = pages.map((page) => Number(page.address - address)).filter((distance) => distance > 0);
  return Math.min(most, ...distances);
}

function byteAt(moment: Moment, view: string, address: bigint): number | undefined {
  const { pages, words } = moment.model.world.topology;
  const page = pages.find((one) => address >= one.address && address < one.address + PAGE);
  if (!page) return undefined;
  const word = words.findIndex((one) => address >= one.address && address < one.address + WORD);
  const any = word >= 0 ? word : page.words[0];
  if (any === undefined) return 0;
  const value = wordValue(moment, view, any);
  if (value === undefined) return undefined;
  if (word < 0) return 0;
  const shift = 8n * (address - (words[word]?.address ?? 0n));
  return Number((BigInt.asUintN(64, BigInt(value)) >> shift) & 0xffn);
}

/** What an observer reads of a word; undefined where it is blocked. */
function wordValue(moment: Moment, view: string, word: number): number | undefined {
  const { memory, topology } = moment.model.world;
  if (view === 'dram') return moment.read(memory.dram, word);
  const cpu = cpuOf(view);
  const line = topology.words[word]?.line ?? 0;
  if (cpu >= 0 && lineState(moment, cpu, line) !== LINE.invalid)
    return moment.read(memory.cached, cpu * topology.words.length + word);
  const device = cpu >= 0 ? -1 : topology.devices.findIndex(({ name }) => name === view);
  return device >= 0 ? deviceView(moment, device as DeviceId, word).value : coherentValue(moment, word);
}
