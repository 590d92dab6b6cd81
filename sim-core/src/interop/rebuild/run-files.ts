/**
 * The files of one run, on disk or in an editor: each is recognised by its beginning, logs go to the rebuilder and files about
 * the machine to its facts.
 */
import { andList } from '../../explain/event-text.ts';
import { asShown, encodingOf } from '../log/damage.ts';
import { sourceOf } from '../log/reader.ts';
import { SOURCES, type SourceId } from '../log/sources.ts';
import { MachineFiles } from './machine-files.ts';
import type { LogFile, Rebuilder } from './rebuild.ts';

/** A file that was read. */
export interface RunFile {
  readonly name: string;
  readonly what: 'log' | 'machine';
  readonly log?: LogFile;
  /** Why it ended too early. */
  broken?: string;
}

/** A file while it is read. */
export interface OpenRunFile {
  /** Takes the next part of the text. */
  push(text: string): void;
  /** Ends it; `broken` says why too early. */
  end(broken?: string): void;
}

/** Why a file is not taken. `code` is the one of the command's JSON. */
export interface RefusedFile {
  readonly refused: string;
  readonly code: 'unknown-log' | 'other-log' | 'empty-log';
}

/** A file of which nothing is known, beside others of its run. */
export interface LeftOutFile {
  readonly name: string;
  readonly why: string;
}

/** Binary files that people have where a text is needed, by their first bytes, with what makes a text of them. */
const BINARIES: readonly { readonly magic: string; readonly advice: string }[] = [
  {
    magic: '\u0017\u0008Dtracing',
    advice: 'This is what trace-cmd records; `trace-cmd report -i FILE` prints the text that is read here.',
  },
  {
    magic: '\u00fd7zXZ\u0000',
    advice: 'This is compressed with xz; `xz -d` unpacks it. Only gzip is unpacked here.',
  },
  {
    magic: '\u0028\u00b5\u002f\u00fd',
    advice: 'This is compressed with zstd; `zstd -d` unpacks it. Only gzip is unpacked here.',
  },
  { magic: 'BZh', advice: 'This is compressed with bzip2; `bzip2 -d` unpacks it. Only gzip is unpacked here.' },
  { magic: 'PERFILE2', advice: 'This is what perf records; `perf script -i FILE` prints the text that is read here.' },
];

/** Bytes in which a NUL makes a file binary. Further on it is a log with a hole. */
const BINARY_PROBE_BYTES = 16;

/** Why a file that begins with these bytes is not text; undefined when it may be one. */
export function binaryRefused(bytes: Uint8Array): string | undefined {
  if (encodingOf(bytes) !== 'utf-8') return undefined;
  const probe = bytes.subarray(0, BINARY_PROBE_BYTES);
  const begins = String.fromCharCode(...probe);
  const known = BINARIES.find(({ magic }) => begins.startsWith(magic));
  return known?.advice ?? (probe.includes(0) ? 'This is a binary file, not text.' : undefined);
}

/** Lines by which a file is recognised. */
const PROBE_LINES = 1000;
const LONGEST_LINE = 1 << 20;

/** What may be said about a file beside finding out: `machine`, or the kind of a source. */
export const LOG_KINDS: readonly string[] = [...new Set(SOURCES.map(({ kind }) => kind))];

export class RunFiles {
  readonly #rebuilder: Rebuilder;
  readonly #kind: string | undefined;
  readonly #machine = new MachineFiles();
  readonly #files: RunFile[] = [];
  readonly #leftOut: LeftOutFile[] = [];

  /** With a kind, files that are something else are refused. */
  constructor(rebuilder: Rebuilder, kind?: string) {
    this.#rebuilder = rebuilder;
    this.#kind = kind;
  }

  get files(): readonly RunFile[] {
    return this.#files;
  }

  get leftOut(): readonly LeftOutFile[] {
    return this.#leftOut;
  }

  get machine(): MachineFiles {
    return this.#machine;
  }

  /** Begins a file. `first` is how its text begins, and is pushed like the rest: some 256 KB of it are enough. */
  begin(name: string, first: string): OpenRunFile | RefusedFile {
    if (first.trim() === '') return { refused: 'The file is empty.', code: 'empty-log' };
    const beginning = first.split('\n').map(asShown).join('\n');
    const written = beginning.split('\n', PROBE_LINES);
    const pasted = isPastedStrace(written);
    const lines = pasted ? written.map((line) => line.trimStart()) : written;
    const source = pasted ? SOURCES.find(({ id }) => id === 'strace') : sourceOf(lines);
    const probe = new MachineFiles();
    for (const line of lines) probe.line(line);
    const kind = this.#kind;
    const isAboutMachine =
      kind === 'machine' ||
      (kind === undefined && (source === undefined || knownTo(source.knows, lines) < probe.known));
    if (isAboutMachine) return probe.known === 0 ? nothingKnown(kind) : this.#aboutMachine(name);
    if (kind !== undefined && source?.kind !== kind) {
      const found = source === undefined ? 'no line of it looks like that' : `it is ${source.title}`;
      return {
        refused: `This is not a log of \`${kind}\`: ${found}. \`snoopscope import FILE…\` finds out what it is.`,
        code: 'other-log',
      };
    }
    const log = this.#rebuilder.file(name, source?.id, threadOf(name, beginning, source?.id));
    return this.#opened({ name, what: 'log', log }, pasted ? unindented(log.push) : log.push, () => void log.end());
  }

  /** Notes a file that {@link begin} refused. False when it must not be left out: the user said what it is. */
  leaveOut(name: string, { refused, code }: RefusedFile): boolean {
    if (code === 'other-log' || this.#kind !== undefined) return false;
    this.#leftOut.push({ name, why: refused });
    return true;
  }

  /** Gives the rebuilder what is known of the machine, once all files are read. */
  finish(): void {
    this.#rebuilder.know(this.#machine.facts());
  }

  #aboutMachine(name: string): OpenRunFile {
    let rest = '';
    const push = (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) rest = '';
      for (const line of lines) this.#machine.line(asShown(line));
    };
    return this.#opened({ name, what: 'machine' }, push, () => this.#machine.line(asShown(rest)));
  }

  #opened(file: RunFile, push: (text: string) => void, end: () => void): OpenRunFile {
    this.#files.push(file);
    return {
      push,
      end(broken) {
        end();
        if (broken !== undefined) file.broken = broken;
      },
    };
  }
}

/** Is it a scenario into which lines of strace were pasted? Its other lines are none that the reader of strace understands. */
function isPastedStrace(lines: readonly string[]): boolean {
  return lines.some((line) => SCENARIO.test(line)) && lines.some((line) => STRACE_LINE.test(line));
}

const SCENARIO = /^\s*(?:scenario\s+"|(?:setup|machine|thread\b[^(]*)\s*\{\s*$)/;
/** A call whose descriptor is a number, as no statement of a scenario has it. */
const STRACE_LINE = /^\s*(?:openat\(AT_FDCWD\b|(?:ioctl|close|dup[23]?|fcntl)\(\d).* = /;

/** Takes text in pieces, and gives it on without the blanks that its lines begin with. */
function unindented(push: (text: string) => void): (text: string) => void {
  let begins = true;
  return (text) => {
    const rest = (begins ? text.replace(/^[ \t]+/, '') : text).replace(/\n[ \t]+/g, '\n');
    if (rest !== '') begins = rest.endsWith('\n');
    push(rest);
  };
}

function knownTo(knows: (line: string) => boolean, lines: readonly string[]): number {
  return lines.reduce((sum, line) => (knows(line) ? sum + 1 : sum), 0);
}

/** `strace -ff -o NAME` writes a file for each thread, NAME.PID, without the thread in its lines. */
function threadOf(name: string, first: string, source: SourceId | undefined): number | undefined {
  const number = /\.(\d{1,10})(?:\.gz)?$/.exec(name)?.[1];
  const threads = /^(?:\[pid +\d+\]|\d+ +[\d:.]*\.?\d* *[a-z<])/m.test(first);
  return source === 'strace' && number !== undefined && !threads ? Number(number) : undefined;
}

function nothingKnown(kind: string | undefined): RefusedFile {
  const looked =
    kind === 'machine'
      ? 'lspci, dmesg, uname, lscpu, /proc/cpuinfo, listings of /sys and /dev, or what `snoopscope inventory` collects'
      : `${andList(SOURCES.map(({ title }) => title))}, or files about a machine such as lspci and dmesg`;
  return { refused: `No line of it is known: none comes from ${looked}.`, code: 'unknown-log' };
}
