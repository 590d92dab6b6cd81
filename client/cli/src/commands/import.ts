/** `snoopscope import KIND FILE`: a scenario from what a real kernel did. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { counted, LOG_KINDS, recordingScenario, sourceOf } from '@snoopscope/sim-core';
import { listed } from '../arguments.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { importLogs, importOptions, refuseOptions } from '../import-log.ts';
import { FORMAT_VERSION } from '../json.ts';
import { openLog } from '../log-file.ts';
import { readRecording } from '../recording-file.ts';
import { ANY_FILES, type Command, FORMAT, type Invocation } from './command.ts';

/** What may be named before the files; without a name each file is found out. */
const KINDS: readonly string[] = ['recording', ...LOG_KINDS, 'machine'];
/** Sequences named in a message. */
const MOST_NAMED = 12;

export const importCommand: Command = {
  name: 'import',
  summary: 'Make a scenario from logs of a real machine, and print it.',
  operands: '[KIND] FILE…',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  operandOffers: [{ words: () => KINDS }, ANY_FILES],
  description: [
    'Reads what strace, ftrace, trace-cmd, perf or QEMU wrote while a VMM ran, plain or compressed with gzip, and prints the scenario: each call with the result that the kernel gave, in the order in which they happened, on the machine that the files describe. Several files are logs of one run. Everything else goes to stderr: what had to be assumed, what was left out, and where the profile answers differently from the kernel.',
    `KIND may say what the files are: ${listed(KINDS)}. Without it, they are recognised by their content. \`machine\` prints the machine block alone, from lspci, dmesg, listings of /sys, or what \`snoopscope inventory\` collects; given beside a log, these files supply what the log cannot.`,
    'KIND `recording` is for sequences of system calls recorded on a real kernel, as JSON lines.',
  ],
  options: [
    ...importOptions,
    { name: 'sequence', value: 'ID', doc: 'Which sequence of a recording; needed when there are several.' },
    { name: 'list', doc: 'Print the names of the sequences of a recording instead.' },
    FORMAT,
  ],
  examples: [
    { line: 'import qemu.strace > run.snoop', about: 'A scenario from a log of strace.' },
    { line: 'import qemu.strace trace.txt lspci.txt', about: 'With what ftrace saw of the same run, and the machine.' },
    { line: 'import machine inventory.txt', about: 'The machine block alone.' },
    { line: 'import recording --sequence S-0001 k6.1.jsonl.gz > s.snoop', about: 'A sequence of a recording.' },
  ],
  async run(call) {
    const [first = '', ...rest] = call.operands;
    const kind = KINDS.includes(first) && rest.length > 0 ? first : undefined;
    const files = kind === undefined ? call.operands : rest;
    if (kind === undefined && !KINDS.includes(first) && /^[a-z-]+$/.test(first) && rest.length > 0)
      refuseKind(call, first);
    if (kind === 'recording' || (kind === undefined && (await isRecording(call, first)))) {
      if (files.length > 1) throw new Failure('Recordings are imported one at a time.', { code: 'too-many-operands' });
      const others = importOptions.map(({ name }) => name);
      refuseOptions(call, others, 'is about logs, and this is a recording: it says its kernel and machine itself');
      return importRecording(call, files[0]!);
    }
    refuseOptions(call, ['list', 'sequence'], `is about recordings, and ${files[0]} is not one`);
    return importLogs(call, files, kind);
  },
};

/** A word that is neither a kind nor a file. */
function refuseKind({ io }: Invocation, word: string): void {
  if (existsSync(path.resolve(io.workingDirectory, word))) return;
  throw new Failure(`\`${word}\` is neither a file nor a kind of log. What can be imported: ${listed(KINDS)}.`, {
    code: 'unknown-kind',
  });
}

/** By its name, unless its lines are those of a log: what `record-script` records is lines of JSON, too. */
async function isRecording({ io }: Invocation, name: string): Promise<boolean> {
  if (!/\.jsonl(?:\.gz)?$/.test(name)) return false;
  const { first, chunks } = await openLog(io, name);
  await chunks.return(undefined);
  return sourceOf(first.split('\n', PROBE_LINES)) === undefined;
}

const PROBE_LINES = 100;

async function importRecording(call: Invocation, name: string): Promise<ExitCode> {
  const { header, sequences } = await readRecording(call.io, name);
  if (call.flag('list')) {
    if (call.format === 'json')
      call.printJson({
        format: FORMAT_VERSION,
        sequences: sequences.map(({ id, ops }) => ({ id, calls: ops.length })),
      });
    else for (const { id, ops } of sequences) call.print(`${id}  ${counted(ops.length, 'call')}`);
    return EXIT.fine;
  }
  const id = call.text('sequence') ?? (sequences.length === 1 ? sequences[0]?.id : undefined);
  const sequence = sequences.find((candidate) => candidate.id === id);
  if (!sequence) {
    const named = sequences.slice(0, MOST_NAMED).map((candidate) => candidate.id);
    const what =
      id === undefined ? 'There are several sequences; --sequence takes one of them' : `There is no sequence \`${id}\``;
    const more =
      sequences.length > MOST_NAMED ? ` and ${sequences.length - MOST_NAMED} more; --list prints them all` : '';
    throw new Failure(`${what}: ${named.join(', ')}${more}.`, { code: 'unknown-sequence', file: name });
  }
  const scenario = recordingScenario(header, sequence);
  if (call.format === 'json') call.printJson({ format: FORMAT_VERSION, sequence: sequence.id, scenario });
  else call.print(scenario.trimEnd());
  return EXIT.fine;
}
