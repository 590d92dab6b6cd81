/**
 * Most lines of a long strace are KVM_RUN and interrupts, and differ from an earlier line only in times and in a pointer
 * that nothing needs. Such a line is compared where it is in the log, and not read again.
 */
import type { LogCall } from './record.ts';

/** What strace prints before a call. */
export interface Prefix {
  tid: number;
  comm: string | undefined;
  time: number | undefined;
  /** The time counts from the line before. */
  relative: boolean;
  /** Where the call begins. */
  end: number;
}

/** A line that was read, with its times and the pointer that is the argument of its request left open. */
export interface RepeatedLine {
  readonly tid: number;
  readonly comm: string | undefined;
  readonly call: LogCall;
  /** Columns of a time that counts from the line before: it has to be added up. */
  readonly step: { readonly from: number; readonly to: number } | undefined;
  /** Characters of the line. */
  readonly length: number;
  readonly shape: Shape;
}

/** What each four characters have to be, as a number; the last four may overlap those before. */
interface Shape {
  /** Columns at which words begin. */
  readonly at: readonly number[];
  /** Bits that count, and what they have to be. Of a digit, the upper four count. */
  readonly mask: Int32Array;
  readonly wanted: Int32Array;
  /** Words with digits: which bytes are digits, 0x06 in each of them. */
  readonly digits: Int32Array;
  /** Columns of digits to the base of 16. */
  readonly hex: readonly number[];
}

/** Lines that come again and again. */
export class Repetitions {
  /** By the beginning of the line, where its thread is: the one seen last is first. */
  readonly #lines = new Map<number, RepeatedLine[]>();
  /** Columns that hold a thread. */
  #width = 0;

  /** The earlier line that the line of a chunk of ASCII that begins here repeats, as far as it matters. */
  find(chunk: DataView, from: number): RepeatedLine | undefined {
    if (from + this.#width > chunk.byteLength) return undefined;
    const lines = this.#lines.get(keyOf(chunk, from, this.#width));
    if (!lines) return undefined;
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      if (!isRepetition(line, chunk, from)) continue;
      if (i > 0) {
        lines.copyWithin(1, 0, i);
        lines[0] = line;
      }
      return line;
    }
    return undefined;
  }

  /** Takes a line that was read, if it is of a kind that is repeated. */
  remember(text: string, prefix: Prefix, call: LogCall): void {
    if (!OFTEN.has(call.requests?.[0] ?? '') || text.length > LONGEST || text.length < WORD || !ASCII.test(text))
      return;
    const thread = prefix.tid > 0 ? String(prefix.tid) : '';
    const width = thread === '' ? 0 : text.indexOf(thread) + thread.length;
    if (width > this.#width) {
      this.#width = width;
      this.#lines.clear();
    }
    const codes = new Uint8Array(text.length);
    for (let i = 0; i < codes.length; i++) codes[i] = text.charCodeAt(i);
    const key = keyOf(new DataView(codes.buffer), 0, this.#width);
    const lines = this.#lines.get(key) ?? [];
    if (lines.length === 0) {
      if (this.#lines.size >= MOST_THREADS) this.#lines.clear();
      this.#lines.set(key, lines);
    }
    lines.unshift(openedUp(text, codes, prefix, call));
    if (lines.length > MOST_LINES) lines.pop();
  }
}

/** Requests that come by the thousand, and whose time and argument are never needed. */
const OFTEN: ReadonlySet<string> = new Set(['KVM_RUN', 'KVM_IRQ_LINE_STATUS', 'KVM_IRQ_LINE', 'KVM_SIGNAL_MSI']);
/** Lines of one thread that are remembered at once. A line of the log is compared with all of them. */
const MOST_LINES = 12;
/** Threads whose lines are remembered at once. */
const MOST_THREADS = 1024;
/** Characters of a line that is remembered; real ones have 100. */
const LONGEST = 512;
const ASCII = /^[\x20-\x7e]*$/;

function keyOf(codes: DataView, from: number, width: number): number {
  let key = 0;
  for (let i = from; i < from + width; i++) key = (key * 31 + codes.getUint8(i)) | 0;
  return key;
}

/** Beyond ASCII. */
const DIGIT = 0x80;
const HEX = 0x81;

function openedUp(text: string, codes: Uint8Array, { tid, comm, end, relative }: Prefix, call: LogCall): RepeatedLine {
  const open = (from: number, to: number, kind: number): void => {
    for (let i = from; i < to; i++) if (codes[i] !== POINT && codes[i] !== COLON) codes[i] = kind;
  };
  const times = [...text.slice(0, end).matchAll(TIMES)].map((word) => ({
    from: word.index,
    to: word.index + word[0].length,
  }));
  for (const { from, to } of times) open(from, to, DIGIT);
  const rest = DURATION.exec(text)?.index ?? text.length;
  open(rest + 2, text.length - 1, DIGIT);
  const pointer = POINTER.exec(text.slice(0, rest));
  if (pointer) open(pointer.index + 4, rest - RETURNED.length, HEX);
  return {
    tid,
    comm,
    call,
    step: relative ? times[0] : undefined,
    length: codes.length,
    shape: shapeOf(codes),
  };
}

function shapeOf(codes: Uint8Array): Shape {
  const at: number[] = [];
  for (let from = 0; from + WORD < codes.length; from += WORD) at.push(from);
  at.push(codes.length - WORD);
  const words = (byteOf: (code: number) => number): Int32Array =>
    Int32Array.from(at, (from) => [0, 1, 2, 3].reduce((word, i) => (word << 8) | byteOf(codes[from + i]!), 0));
  return {
    at,
    mask: words((code) => (code === DIGIT ? 0xf0 : code === HEX ? 0 : 0xff)),
    wanted: words((code) => (code === DIGIT ? 0x30 : code === HEX ? 0 : code)),
    digits: words((code) => (code === DIGIT ? 0x06 : 0)),
    hex: [...codes.keys()].filter((column) => codes[column] === HEX),
  };
}

const WORD = 4;

/** The words of a prefix that are times: of day, seconds of the epoch, or since the line before. */
const TIMES = /(?<![\w[])\d+[:.][\d:.]+/g;
/** What -T adds. */
const DURATION = / <\d+\.\d+>$/;
const POINTER = /, 0x[0-9a-f]+\) = 0$/;
const RETURNED = ') = 0';
const POINT = 0x2e;
const COLON = 0x3a;

/** Compared from its end, where lines differ first. No line that is remembered has a line feed, so neither has its repetition. */
function isRepetition({ length, shape }: RepeatedLine, chunk: DataView, from: number): boolean {
  if (from + length >= chunk.byteLength || chunk.getUint8(from + length) !== LINE_FEED) return false;
  const { at, mask, wanted, digits, hex } = shape;
  for (let i = at.length - 1; i >= 0; i--) {
    const word = chunk.getInt32(from + at[i]!);
    if ((word & mask[i]!) !== wanted[i]) return false;
    // What is 0x30 to 0x3f is a digit if it is still so with six more.
    if (((word + digits[i]!) & mask[i]!) !== wanted[i]) return false;
  }
  for (const column of hex) {
    const code = chunk.getUint8(from + column);
    if (code < 0x30 || (code > 0x39 && code < 0x61) || code > 0x66) return false;
  }
  return true;
}

const LINE_FEED = 0x0a;
