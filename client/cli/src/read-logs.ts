/** Files of one run: logs go to the rebuilder, files about the machine to its facts. */
import { type LogFile, MachineFiles, type Rebuilder, SOURCES, type SourceId, sourceOf } from '@snoopscope/sim-core';
import { listed } from './arguments.ts';
import type { Invocation } from './commands/command.ts';
import { Failure } from './failure.ts';
import { pause } from './io.ts';
import { type LogText, openLog } from './log-file.ts';

export interface ReadFile {
  readonly name: string;
  readonly what: 'log' | 'machine';
  readonly log?: LogFile;
  readonly broken?: string;
}

export interface ReadLogs {
  readonly files: readonly ReadFile[];
  readonly machine: MachineFiles;
  /** True when Ctrl-C ended the reading. */
  readonly interrupted: boolean;
}

/** Kinds of logs that may be named on the command line. */
export const LOG_KINDS: readonly string[] = [...new Set(SOURCES.map(({ kind }) => kind))];

/** Reads all files. With a kind, files that are something else are refused. */
export async function readLogs(
  call: Invocation,
  names: readonly string[],
  rebuilder: Rebuilder,
  kind?: string,
): Promise<ReadLogs> {
  const machine = new MachineFiles();
  const files: ReadFile[] = [];
  for (const name of names) {
    if (call.io.interrupt.aborted) break;
    const text = await openLog(call.io, name);
    files.push(await readOne(call, text, rebuilder, machine, kind));
  }
  rebuilder.know(machine.facts());
  return { files, machine, interrupted: call.io.interrupt.aborted };
}

async function readOne(
  call: Invocation,
  text: LogText,
  rebuilder: Rebuilder,
  machine: MachineFiles,
  kind: string | undefined,
): Promise<ReadFile> {
  const lines = text.first.split('\n', PROBE_LINES);
  const source = sourceOf(lines);
  const probe = new MachineFiles();
  for (const line of lines) probe.line(line);
  const ofMachine =
    kind === 'machine' || (kind === undefined && (source === undefined || knownTo(source.knows, lines) < probe.known));
  if (ofMachine) {
    if (probe.known === 0) throw nothingKnown(text, kind);
    await feed(call, text, lineFeeder(machine));
    return { name: text.name, what: 'machine', ...brokenOf(text) };
  }
  if (kind !== undefined && source?.kind !== kind) {
    const found = source === undefined ? 'no line of it looks like that' : `it is ${source.title}`;
    throw new Failure(`This is not a log of \`${kind}\`: ${found}. \`snoopscope import FILE…\` finds out what it is.`, {
      code: 'other-log',
      file: text.name,
    });
  }
  const log = rebuilder.file(text.name, source?.id as SourceId, threadOf(text, source?.id));
  await feed(call, text, log.push);
  log.end();
  return { name: text.name, what: 'log', log, ...brokenOf(text) };
}

const PROBE_LINES = 1000;
/** Milliseconds between two looks at Ctrl-C. */
const PAUSE_MS = 50;

function knownTo(knows: (line: string) => boolean, lines: readonly string[]): number {
  return lines.reduce((sum, line) => (knows(line) ? sum + 1 : sum), 0);
}

function brokenOf(text: LogText): { broken?: string } {
  const broken = text.broken();
  return broken === undefined ? {} : { broken };
}

/** `strace -ff -o NAME` writes a file for each thread, NAME.PID, without the thread in its lines. */
function threadOf({ name, first }: LogText, source: SourceId | undefined): number | undefined {
  const number = /\.(\d{1,10})(?:\.gz)?$/.exec(name)?.[1];
  const threads = /^(?:\[pid +\d+\]|\d+ +[\d:.]*\.?\d* *[a-z<])/m.test(first);
  return source === 'strace' && number !== undefined && !threads ? Number(number) : undefined;
}

async function feed(call: Invocation, text: LogText, push: (chunk: string) => void): Promise<void> {
  let characters = 0;
  let paused = performance.now();
  for await (const chunk of text.chunks) {
    push(chunk);
    characters += chunk.length;
    if (performance.now() - paused < PAUSE_MS) continue;
    call.status(`${text.name}: ${Math.round(characters / 1e6)} MB read`);
    await pause();
    paused = performance.now();
    if (call.io.interrupt.aborted) return;
  }
}

function lineFeeder(machine: MachineFiles): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) rest = '';
    for (const line of lines) machine.line(line);
  };
}

const LONGEST_LINE = 1 << 20;

function nothingKnown(text: LogText, kind: string | undefined): Failure {
  const looked =
    kind === 'machine'
      ? 'lspci, dmesg, uname, lscpu, /proc/cpuinfo, listings of /sys and /dev, or what `snoopscope inventory` collects'
      : `${listed(SOURCES.map(({ title }) => title))}, or files about a machine such as lspci and dmesg`;
  return new Failure(`No line of it is known: none comes from ${looked}.`, {
    code: 'unknown-log',
    file: text.name,
  });
}
