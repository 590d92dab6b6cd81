/**
 * The recorder's own log: lines of JSON that the bpftrace program of `snoopscope record-script` prints. Calls come with the
 * first words of the structure that they were given, so nothing of them has to be guessed.
 *
 * linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h for what the words are.
 */
import { ERRNOS } from '../../kernel/errno.ts';
import type { Emit, LineReader } from './reader.ts';
import { type KnownArguments, LONGEST_TRACE_LINE, type LogCall, type LogEvent, type LogResult } from './record.ts';

const RECORD = /^\{"t":\d{1,20},"pid":\d{1,10},"tid":\d{1,10},/;
const HEADER = /^\{"recorder":"snoopscope"/;
/** What bpftrace says about itself. */
const OWN_WORDS = /^(?:Attaching \d+ probes|Lost \d+ events|WARNING: |@|\s*$)/;

const NANOSECONDS = 1e9;

export function knowsRecorder(line: string): boolean {
  return line.length <= LONGEST_TRACE_LINE && (HEADER.test(line) || RECORD.test(line));
}

export function readRecorder(emit: Emit): LineReader {
  return {
    line(text, line) {
      if (text.length > LONGEST_TRACE_LINE) return false;
      if (!RECORD.test(text)) return HEADER.test(text) || OWN_WORDS.test(text);
      const fields = fieldsOf(text);
      if (!fields) return false;
      const where = {
        time: fields.number('t') / NANOSECONDS,
        pid: fields.number('pid'),
        tid: fields.number('tid'),
        cpu: fields.number('cpu'),
        line,
      };
      const what = eventOf(fields);
      if (!what) return false;
      emit({ ...where, what });
      // The kernel's part of a call on the kvm-vfio device, by which exits are put between calls.
      const part = what.kind === 'call' ? kernelPart(what) : undefined;
      if (part !== undefined) emit({ ...where, what: { kind: 'kernel', name: part } });
      return true;
    },
  };
}

interface Fields {
  readonly number: (name: string) => number;
  readonly text: (name: string) => string | undefined;
  readonly words: readonly bigint[];
}

function fieldsOf(text: string): Fields | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const all = new Map<string, unknown>(Object.entries(parsed));
  const words = all.get('w');
  const number = (name: string): number => {
    const value = all.get(name);
    return typeof value === 'number' && Number.isFinite(value) ? value : 0;
  };
  const string = (name: string): string | undefined => {
    const value = all.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  return { number, text: string, words: Array.isArray(words) ? words.map(wordOf) : [] };
}

function wordOf(value: unknown): bigint {
  return typeof value === 'string' && /^[0-9a-f]{1,16}$/.test(value) ? BigInt(`0x${value}`) : 0n;
}

function eventOf(fields: Fields): LogEvent | undefined {
  switch (fields.text('call')) {
    case 'openat':
      return openat(fields);
    case 'ioctl':
      return ioctl(fields);
    case 'close':
      return { kind: 'call', name: 'close', args: [String(fields.number('fd'))], result: resultOf(fields) };
    case 'exit_group':
      return { kind: 'call', name: 'exit_group', args: [] };
  }
  const exit = fields.text('exit');
  if (exit !== undefined) return { kind: 'exit', reason: exit, vcpu: fields.number('vcpu') };
  const name = fields.text('fn');
  if (name !== undefined) return { kind: 'kernel', name };
  const leaf = fields.text('leaf');
  return leaf === undefined ? undefined : { kind: 'event', name: 'leaf', text: leafText(fields) };
}

/** Bits 3 to 5 of a leaf of EPT are its memory type, bit 6 says that the guest's PAT does not count. */
function leafText(fields: Fields): string {
  const bits = fields.number('bits');
  return `${TYPES[(bits >> 3) & 7] ?? 'reserved'}${bits & 0x40 ? ', guest PAT ignored' : ''}`;
}

const TYPES: Readonly<Record<number, string>> = { 0: 'UC', 1: 'WC', 4: 'WT', 5: 'WP', 6: 'WB' };

function openat(fields: Fields): LogCall {
  const path = textOf(fields.words);
  return {
    kind: 'call',
    name: 'openat',
    args: ['AT_FDCWD', JSON.stringify(path), ACCESS[fields.number('flags') & 3] ?? 'O_RDWR'],
    result: resultOf(fields),
  };
}

const ACCESS = ['O_RDONLY', 'O_WRONLY', 'O_RDWR'] as const;

function ioctl(fields: Fields): LogCall {
  const cmd = fields.number('cmd') >>> 0;
  const known = STRUCTURES[cmd & 0xffff]?.(fields);
  const text = cmd === GET_DEVICE_FD ? JSON.stringify(textOf(fields.words)) : argumentOf(fields);
  return {
    kind: 'call',
    name: 'ioctl',
    args: [String(fields.number('fd')), text],
    requests: [`0x${cmd.toString(16)}`],
    result: resultOf(fields),
    ...(known && { known }),
  };
}

function argumentOf(fields: Fields): string {
  const arg = fields.text('arg') ?? '0';
  return /^[0-9a-f]{1,16}$/.test(arg) ? `0x${arg}` : '0x0';
}

const GET_DEVICE_FD = 0x3b6a;

/** What the words of a structure are, by type and number of the request. */
const STRUCTURES: Readonly<Record<number, (fields: Fields) => KnownArguments>> = {
  // KVM_CREATE_DEVICE: type, fd, flags.
  44768: ({ words }) => ({ type: low(words[0]), made: high(words[0]) }),
  // KVM_SET_DEVICE_ATTR: flags, group, attr, addr.
  44769: ({ words, number }) => ({
    group: high(words[0]),
    ...(words[1] === 1n && { attr: 'add' }),
    ...(words[1] === 2n && { attr: 'del' }),
    target: number('target'),
  }),
  // VFIO_GROUP_SET_CONTAINER: a descriptor.
  15208: ({ words }) => ({ target: signed(words[0]) }),
  // VFIO_IOMMU_MAP_DMA: argsz, flags, vaddr, iova, size. VFIO_DEVICE_PCI_HOT_RESET shares the number, and is not modelled.
  15217: ({ words }) => ({ vaddr: hex(words[1]), iova: hex(words[2]), size: hex(words[3]) }),
  // VFIO_IOMMU_UNMAP_DMA: argsz, flags, iova, size.
  15218: ({ words }) => ({ iova: hex(words[1]), size: hex(words[2]) }),
  // VFIO_DEVICE_BIND_IOMMUFD: argsz, flags, iommufd.
  15222: ({ words }) => ({ target: signed(words[1]) }),
  // VFIO_DEVICE_ATTACH_IOMMUFD_PT: argsz, flags, pt_id.
  15223: ({ words }) => ({ id: low(words[1]) }),
  // IOMMU_DESTROY: size, id.
  15232: ({ words }) => ({ id: high(words[0]) }),
  // IOMMU_IOAS_ALLOC: size, flags, out_ioas_id.
  15233: ({ words }) => ({ made: low(words[1]) }),
  // IOMMU_IOAS_MAP: size, flags, ioas_id, reserved, user_va, length, iova.
  15237: ({ words }) => ({ id: low(words[1]), vaddr: hex(words[2]), size: hex(words[3]), iova: hex(words[4]) }),
  // IOMMU_IOAS_UNMAP: size, ioas_id, iova, length.
  15238: ({ words }) => ({ id: high(words[0]), iova: hex(words[1]), size: hex(words[2]) }),
  // IOMMU_HWPT_ALLOC: size, flags, dev_id, pt_id, out_hwpt_id.
  15241: ({ words }) => ({ id: high(words[1]), made: low(words[2]) }),
};

/** Functions whose calls the rebuilder puts exits between. */
function kernelPart({ requests, result, known }: LogCall): string | undefined {
  if (result?.errno !== undefined || known === undefined) return undefined;
  const number = Number(requests?.[0]) & 0xffff;
  if (number === 0xaee0 && known.type === KVM_DEV_TYPE_VFIO) return 'kvm_vfio_create';
  if (number === 0xaee1 && known.attr !== undefined) return `kvm_vfio_file_${known.attr}`;
  return undefined;
}

const KVM_DEV_TYPE_VFIO = 4;

function resultOf(fields: Fields): LogResult {
  const value = fields.number('ret');
  if (value >= 0 || value < -MOST_ERRNO) return { value };
  return { value: -1, errno: ERRNOS.find((errno) => errno.value === -value)?.name ?? `E${-value}` };
}

const MOST_ERRNO = 4095;

/** The text in the bytes of words, up to its NUL. */
function textOf(words: readonly bigint[]): string {
  const bytes = words.flatMap((word) => Array.from({ length: 8 }, (_, i) => Number((word >> BigInt(8 * i)) & 0xffn)));
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.slice(0, end)));
}

function low(word: bigint | undefined): number {
  return Number((word ?? 0n) & 0xffff_ffffn);
}

function high(word: bigint | undefined): number {
  return Number((word ?? 0n) >> 32n);
}

function signed(word: bigint | undefined): number {
  return low(word) | 0;
}

function hex(word: bigint | undefined): string {
  return `0x${(word ?? 0n).toString(16)}`;
}
