/** `snoopscope import KIND FILE`: a scenario from what a real kernel did. */
import { recordingScenario } from '@snoopscope/sim-core';
import { listed } from '../arguments.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { FORMAT_VERSION } from '../json.ts';
import { readRecording } from '../recording-file.ts';
import { ANY_FILES, type Call, type Command, FORMAT } from './command.ts';

const KINDS: Readonly<Record<string, (call: Call, name: string) => Promise<ExitCode>>> = { recording: importRecording };
/** What people look for here and will not find in this version. */
const NOT_THERE: readonly string[] = ['strace', 'ftrace'];
/** Sequences named in a message. */
const MOST_NAMED = 12;

export const importCommand: Command = {
  name: 'import',
  summary: 'Print a scenario made from what a real kernel did.',
  operands: 'KIND FILE',
  minOperands: 2,
  maxOperands: 2,
  operandOffers: [{ words: () => Object.keys(KINDS) }, ANY_FILES],
  description: [
    'KIND is `recording`: sequences of system calls recorded on a real kernel, as JSON lines, plain or compressed with gzip. The scenario declares what that kernel returned, so that `run` and `check` report where the simulator answers otherwise.',
    `Not supported yet: ${listed(NOT_THERE)}.`,
  ],
  options: [
    { name: 'sequence', value: 'ID', doc: 'Which sequence of the recording; needed when there are several.' },
    { name: 'list', doc: 'Print the names of the sequences instead.' },
    FORMAT,
  ],
  examples: [
    { line: 'import recording --list k6.1.jsonl.gz', about: 'Which sequences there are.' },
    { line: 'import recording --sequence S-0001 k6.1.jsonl.gz > s.snoop', about: 'One of them as a scenario.' },
  ],
  async run(call) {
    const [kind, name] = call.operands as [string, string];
    const read = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    if (read) return read(call, name);
    const there = `Supported kinds: ${listed(Object.keys(KINDS))}.`;
    const message = NOT_THERE.includes(kind)
      ? `Importing \`${kind}\` is not supported yet. ${there}`
      : `\`${kind}\` cannot be imported. ${there}`;
    throw new Failure(message, { code: 'unknown-kind' });
  },
};

async function importRecording(call: Call, name: string): Promise<ExitCode> {
  const { header, sequences } = await readRecording(call.io, name);
  if (call.flag('list')) {
    if (call.format === 'json')
      call.printJson({
        format: FORMAT_VERSION,
        sequences: sequences.map(({ id, ops }) => ({ id, calls: ops.length })),
      });
    else for (const { id, ops } of sequences) call.print(`${id}  ${ops.length} calls`);
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
