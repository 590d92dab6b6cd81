/**
 * Reading a log of any size: text comes in chunks, lines go to the reader of the source, records come out.
 *
 * Costs: one pass; memory for one line and for the calls that are interrupted at the moment.
 */
import { aroundNuls, asShown } from './damage.ts';
import type { LogRecord } from './record.ts';
import { type LogSource, SOURCES, type SourceId } from './sources.ts';

/** Reads the lines of one source. */
export interface LineReader {
  /** Takes the next line. `false` when nothing could be made of it; `true` when it was understood, with or without a record. */
  line(text: string, line: number): boolean;
  /**
   * Takes the line that begins at a column of a chunk of ASCII, given also as bytes, if it is whole and a repetition of an
   * earlier one; no part of the chunk is copied for it. Gives the column of its line feed, or -1 when the line has to be read.
   */
  repeated?(chunk: string, bytes: DataView, start: number, line: number): number;
  /** The log is over: what is still open comes out. */
  end?(): void;
}

export type Emit = (record: LogRecord) => void;

/** A TextEncoder. Bytes are compared much faster than the characters of a string. */
export interface Encoder {
  encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number };
}

/** What could be read, and what could not. */
export interface ReadCounts {
  readonly lines: number;
  /** Lines that were understood. */
  readonly read: number;
  /** Lines that were not understood; `first` are the numbers of the first ones. */
  readonly unread: number;
  readonly first: readonly number[];
  /** Lines longer than {@link LONGEST_LINE}, of which only the beginning was looked at. */
  readonly cut: number;
}

/** Characters of a line that are looked at. strace -s 65536 -v stays below; a longer line is damage, or hostile. */
export const LONGEST_LINE = 1 << 20;
/** Lines that are looked at to find out what wrote a log. */
const PROBE_LINES = 400;
/** Numbers of lines kept that could not be read. */
const MOST_NAMED = 5;

/** Takes chunks of a log and gives its records. Without a source it finds out from the first lines. */
export class LogReader {
  readonly #emit: Emit;
  readonly #encoder: Encoder | undefined;
  #bytes = new Uint8Array(0);
  #source: LogSource | undefined;
  #reader: LineReader | undefined;
  /** Lines that wait until the source is known. */
  #probe: string[] = [];
  #rest = '';
  /** The rest of a line that is too long is thrown away as it comes. */
  #skipping = false;
  #lines = 0;
  #read = 0;
  #unread = 0;
  #cut = 0;
  readonly #first: number[] = [];

  /** With an encoder, lines that are repeated many times are taken faster; nothing else changes. */
  constructor(emit: Emit, source?: SourceId, encoder?: Encoder) {
    this.#emit = emit;
    this.#encoder = encoder;
    if (source !== undefined) this.#begin(SOURCES.find(({ id }) => id === source));
  }

  /** What wrote the log; undefined while, or because, that is not known. */
  get source(): LogSource | undefined {
    return this.#source;
  }

  get counts(): ReadCounts {
    return { lines: this.#lines, read: this.#read, unread: this.#unread, first: this.#first, cut: this.#cut };
  }

  push(chunk: string): void {
    let start = 0;
    const bytes = this.#reader?.repeated ? this.#bytesOf(chunk) : undefined;
    for (;;) {
      if (bytes && this.#rest === '' && !this.#skipping) {
        const repeated = this.#reader?.repeated?.(chunk, bytes, start, this.#lines + 1) ?? -1;
        if (repeated >= 0) {
          this.#lines++;
          this.#read++;
          start = repeated + 1;
          continue;
        }
      }
      const end = chunk.indexOf('\n', start);
      if (end < 0) break;
      if (this.#skipping) this.#skipping = false;
      else this.#take(this.#rest === '' ? chunk.slice(start, end) : this.#rest + chunk.slice(start, end));
      this.#rest = '';
      start = end + 1;
    }
    if (this.#skipping) return;
    this.#rest += chunk.slice(start);
    if (this.#rest.length <= LONGEST_LINE) return;
    this.#take(this.#rest);
    this.#rest = '';
    this.#skipping = true;
  }

  end(): void {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
    if (!this.#reader) this.#decide();
    this.#reader?.end?.();
  }

  /** The chunk as bytes, if each character is one. */
  #bytesOf(chunk: string): DataView | undefined {
    if (!this.#encoder) return undefined;
    if (this.#bytes.length < chunk.length) this.#bytes = new Uint8Array(chunk.length);
    const { read, written } = this.#encoder.encodeInto(chunk, this.#bytes);
    return read === chunk.length && written === read ? new DataView(this.#bytes.buffer, 0, read) : undefined;
  }

  #take(text: string): void {
    const line = asShown(text);
    if (this.#reader) {
      this.#give(line);
      return;
    }
    this.#probe.push(line.slice(0, LONGEST_LINE));
    if (this.#probe.length >= PROBE_LINES) this.#decide();
  }

  #decide(): void {
    const lines = this.#probe;
    this.#probe = [];
    this.#begin(sourceOf(lines));
    // Nothing that is known: the lines are counted, and nothing is made of them.
    this.#reader ??= { line: () => false };
    for (const line of lines) this.#give(line);
  }

  #begin(source: LogSource | undefined): void {
    this.#source = source;
    this.#reader = source?.make(this.#emit);
  }

  #give(text: string): void {
    const line = ++this.#lines;
    if (text.length > LONGEST_LINE) this.#cut++;
    const { isCut, rest: whole } = aroundNuls(text);
    const understood =
      whole === '' ||
      this.#reader?.line(whole.length > LONGEST_LINE ? whole.slice(0, LONGEST_LINE) : whole, line) === true;
    if (understood && !isCut) {
      this.#read++;
      return;
    }
    if (this.#first.length < MOST_NAMED) this.#first.push(line);
    this.#unread++;
  }
}

/** The source that knows most of these lines; undefined when none knows any. */
export function sourceOf(lines: readonly string[]): LogSource | undefined {
  let best: LogSource | undefined;
  let most = 0;
  for (const source of SOURCES) {
    const known = lines.reduce((sum, line) => (source.knows(line) ? sum + 1 : sum), 0);
    if (known > most) [best, most] = [source, known];
  }
  return best;
}
