/** The machine of a recorded sequence, read off what the sequence shows: its header says only which kernel ran. */
import type { EptStep } from './recording.ts';

/** A memory slot that the recorder made, and what it mapped there. */
export interface RecordedSlot {
  readonly gpa: bigint;
  readonly size: bigint;
  /** `anon`, `bar`, `devmem@f0000`. */
  readonly kind: string;
}

export const PAGE = 0x1000n;
export const CODE_FRAME = 1n;
/** Frames of the recorder's page tables, the page that they map eight times from 4 MiB on, and where that begins. */
export const TABLES = { directory: 8n, low: 9n, high: 10n, mapped: 5n, from: 0x40_0000n } as const;
export const BDF = '0000:00:03.0';
const FEW_FRAMES = 16n;

export function frameName(frame: bigint): string {
  return `f${frame.toString(16)}`;
}

/** What a recording's header does not say about its machine, read off what all of its sequences show: a file is one boot. */
export interface InferredMachine {
  /** Shadow paging: faults are exceptions. */
  readonly shadow: boolean;
  /** Leaves are not traced entry by entry: made by the old MMU. */
  readonly oldMmu: boolean;
  /** The CPU ran no WBINVD inside the guest. */
  readonly wbinvdExit: boolean;
  readonly selfSnoop: boolean;
  readonly snoopControl: boolean;
  readonly addressBits: number;
}

export function inferMachine(steps: readonly EptStep[]): InferredMachine {
  const notes = steps.flatMap((step) => step.notes);
  return {
    shadow: isShadow(steps),
    oldMmu: usesOldMmu(steps),
    wbinvdExit: !steps.some((step) => step.wbinvd.some(({ guest }) => guest)),
    selfSnoop: !notes.some((note) => /SS 0\)/.test(note)),
    snoopControl: notes.includes('dma_cc 1'),
    addressBits: addressBits(steps),
  };
}

/** As options of the machine block, for the output of the command. */
export function inferredText(machine: InferredMachine): string {
  const { shadow, oldMmu, wbinvdExit, selfSnoop, snoopControl, addressBits: bits } = machine;
  return [
    `two-dimensional-paging=${onOff(!shadow)}`,
    `wbinvd-exit=${onOff(wbinvdExit)}`,
    `self-snoop=${onOff(selfSnoop)}`,
    `snoop-control=${onOff(snoopControl)}`,
    ...(oldMmu && !shadow ? ['tdp-mmu=off'] : []),
    `physical-address-bits=${bits}`,
  ].join(' ');
}

const onOff = (yes: boolean): string => (yes ? 'on' : 'off');

/** The machine that a sequence ran on. */
export function eptMachine(
  steps: readonly EptStep[],
  slots: readonly RecordedSlot[],
  { shadow, oldMmu, wbinvdExit, selfSnoop, snoopControl, addressBits: bits }: InferredMachine,
): string[] {
  const frames = framesOf(steps, slots);
  const cpus = Math.max(
    2,
    ...steps.flatMap((step) => [...step.translations.map(() => 0), ...step.wbinvd.map(({ cpu }) => cpu + 1)]),
  );
  const options = [
    `count=${Math.min(cpus, 16)}`,
    `wbinvd-exit=${onOff(wbinvdExit)}`,
    `self-snoop=${onOff(selfSnoop)}`,
    `guest-mtrr=${onOff(!steps.some((step) => /^vcpu\b.*\bnocpuid\b/.test(step.op)))}`,
    `two-dimensional-paging=${onOff(!shadow)}`,
    ...(oldMmu && !shadow ? ['tdp-mmu=off'] : []),
    `physical-address-bits=${bits}`,
  ];
  return [
    'machine {',
    `  cpu intel ${options.join(' ')}`,
    `  iommu unit vt-d snoop-control=${onOff(snoopControl)}`,
    `  device card ${BDF} iommu=unit group=1 no-snoop=on`,
    ...frames.map(
      (frame) =>
        `  memory ${frameName(frame)} = 0 at=0x${(frame * PAGE).toString(16)}${backingOf(frame, slots, steps)}`,
    ),
    '}',
  ];
}

/** As wide as the first mask of a variable MTRR that the sequence writes; 40 where it writes none, as then nothing shows. */
function addressBits(steps: readonly EptStep[]): number {
  for (const { op } of steps) {
    for (const [, mask = ''] of op.matchAll(/\b(?:wrmsr:|setmsr \d+ )20[13579bdf][: ]([\da-f]{1,16})\b/gi)) {
      const bits = BigInt(`0x${mask}`).toString(2).length;
      if (bits >= 36 && bits <= 52) return bits;
    }
  }
  return 40;
}

/** Leaves are made by faults that are exceptions: KVM shadows the guest's tables. */
function isShadow(steps: readonly EptStep[]): boolean {
  const exits = steps.flatMap((step) => step.exits);
  return exits.includes('EXCEPTION_NMI') && !exits.includes('EPT_VIOLATION');
}

/** The TDP MMU traces every entry that it changes; the old MMU traces none. */
function usesOldMmu(steps: readonly EptStep[]): boolean {
  return steps.some((step) => step.made.length > 0) && steps.every((step) => step.changed.length === 0);
}

function framesOf(steps: readonly EptStep[], slots: readonly RecordedSlot[]): bigint[] {
  const frames = new Set<bigint>([0n, CODE_FRAME]);
  if (steps.some((step) => /\bpgon\b/.test(step.op)))
    for (const frame of [TABLES.directory, TABLES.low, TABLES.high, TABLES.mapped]) frames.add(frame);
  for (const { gpa, size } of slots) {
    if (size / PAGE <= FEW_FRAMES) for (let at = gpa; at < gpa + size; at += PAGE) frames.add(at / PAGE);
  }
  for (const { op, made } of steps) {
    for (const { gfn, level } of made) if (level === 1) frames.add(gfn);
    if (/\bpgon\b/.test(op)) continue;
    for (const [, address] of op.matchAll(/\b(?:rd|wr|clflush):([\da-f]{1,13})\b/gi))
      frames.add(BigInt(`0x${address}`) / PAGE);
  }
  return [...frames].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function backingOf(frame: bigint, slots: readonly RecordedSlot[], steps: readonly EptStep[]): string {
  const at = frame * PAGE;
  const slot = slots.find(({ gpa, size }) => gpa <= at && at < gpa + size);
  const [kind = '', physical] = slot?.kind.split('@') ?? [];
  if (kind === 'bar' || kind.startsWith('res')) return ' backing=mmio';
  if (kind === 'untouched') return ' backing=untouched';
  // Below 1 MiB the host has pages that it reserves; above, the recorder only mapped holes.
  if (kind.startsWith('devmem'))
    return Number(`0x${physical ?? 'f0000'}`) < 0x10_0000 ? ' host-mtrr=UC' : ' backing=mmio';
  // Whether the host found a huge page for it shows only in what KVM made of it.
  const huge = steps.some((step) => step.made.some(({ gfn, level }) => level === 2 && gfn >> 9n === frame >> 9n));
  return huge ? ' backing=huge' : '';
}
