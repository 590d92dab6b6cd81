/**
 * `npm run -s conformance -- FILE.jsonl.gz …`: replays recordings of real kernels and shows every difference, and looks
 * for the observed outcomes of races among those that the explorer predicts.
 *
 * Ends with `N sequences, N ops, N differences`, `N races, N rounds, N differences`, or both. It runs from its source and
 * is not part of the command: recordings are
 * in the repository, not in what is installed.
 */
import path from 'node:path';
import {
  type Artefact,
  CHANGES,
  changeById,
  type Difference,
  didYouMean,
  type EptRecording,
  type EptResult,
  type FunctionAgreement,
  looksLikeRaces,
  nearest,
  type Profile,
  profileOfRecording,
  profileWith,
  type ReplayResult,
  replay,
  replayEpt,
} from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { asFailure } from './failure-report.ts';
import { profileOf } from './kernels.ts';
import { judgeRaces, type RaceResult } from './race-conformance.ts';
import { type RecordingFile, readAnyRecording, recordingText, withName } from './recording-file.ts';

const HELP = `Replay recordings of real kernels and show every difference.

Usage
  npm run -s conformance -- [options] FILE.jsonl.gz …

Each FILE holds sequences of system calls, or of guest instructions with the leaves that KVM made, as JSON lines, plain or
compressed with gzip; - is standard input. Those of the project are in test/conformance.

A FILE may also be a histogram of races, \`{"kernel","race","outcome","count"}\` a line. Each race's scenario is RACE.snoop in
the folder scenarios beside it, and is explored at micro-steps on the profile of the kernel, for at most 120 s. An observed
outcome that is not predicted is a difference. Those of the project are in test/conformance/races.

Options
  --functions      Print for each traced kernel function the share of calls on which both agree.
  --kernel KERNEL  Replay on this profile instead of that of the recorded kernel; \`snoopscope kernels\` lists them.
  --toggle CHANGE  Switch one change of that kernel; \`snoopscope kernels KERNEL\` lists them.
  --max N          Show at most N differences of a file; 20 without it. All are counted.
  --help           Print this page.

Exit codes
  0  no difference
  1  differences
  2  a file or the call was wrong
`;

const WITH_VALUE = ['--kernel', '--toggle', '--max'];
const SWITCHES = ['--functions', '--help'];
const MOST_SHOWN = 20;

interface Options {
  readonly files: readonly string[];
  readonly help: boolean;
  readonly functions: boolean;
  readonly kernel?: string;
  readonly toggle?: string;
  readonly max: number;
}

/** npm runs scripts in the project's folder; the user's files are relative to where npm was called. */
const io = { workingDirectory: process.env.INIT_CWD ?? process.cwd(), standardInput: process.stdin };
const NOTHING = {
  artefacts: new Map<Artefact, number>(),
  functions: new Map<string, FunctionAgreement>(),
  inferred: 0,
  orders: { calls: 0, agreed: 0 },
  notCompared: new Map<never, number>(),
};

// `| head` has seen enough; the exit code does not depend on who reads along.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { file, message } = asFailure(error);
  process.stderr.write(`${file ?? 'conformance'}: error: ${message}\n`);
  return EXIT.wrong;
});

async function main(args: readonly string[]): Promise<ExitCode> {
  const options = parseArguments(args);
  if (options.help) {
    process.stdout.write(HELP);
    return EXIT.fine;
  }
  const totals = { sequences: 0, ops: 0, differences: 0, inferred: 0 };
  const artefacts = new Map<string, number>();
  const notCompared = new Map<string, number>();
  const orders = { calls: 0, agreed: 0 };
  const races = { races: 0, rounds: 0, differences: 0 };
  const functions = new Map<string, FunctionAgreement>();
  for (const file of options.files) {
    if (await isRaces(file)) {
      await judgeFile(file, options, races);
      continue;
    }
    const result = await replayFile(file, options);
    totals.sequences += result.sequences;
    totals.ops += result.ops;
    totals.differences += result.differences.length;
    totals.inferred += result.inferred;
    orders.calls += result.orders.calls;
    orders.agreed += result.orders.agreed;
    for (const [name, count] of result.notCompared) notCompared.set(name, (notCompared.get(name) ?? 0) + count);
    for (const [name, count] of result.artefacts) artefacts.set(name, (artefacts.get(name) ?? 0) + count);
    for (const [name, counts] of result.functions) add(functions, name, counts);
  }
  for (const [name, count] of artefacts)
    print(`artefact of the emulator, followed and not counted as a difference: ${name}: ${count} calls`);
  for (const [name, count] of notCompared) print(`not compared: ${name}: ${count} steps`);
  if (totals.inferred > 0)
    print(
      `argument taken from a sequence that is not in the file, inferred from the kernel's answer: ${totals.inferred} calls`,
    );
  if (options.functions) {
    printFunctions(functions);
    print(`order: in ${orders.agreed} of ${orders.calls} calls all modelled functions ran in the kernel's order`);
  }
  if (races.races > 0) print(`${races.races} races, ${races.rounds} rounds, ${races.differences} differences`);
  if (totals.sequences > 0 || races.races === 0)
    print(`${totals.sequences} sequences, ${totals.ops} ops, ${totals.differences} differences`);
  return totals.differences + races.differences > 0 ? EXIT.failed : EXIT.fine;
}

/** Standard input is always a recording: a histogram has scenarios beside it. */
async function isRaces(file: string): Promise<boolean> {
  return file !== '-' && looksLikeRaces(await recordingText(io, file));
}

async function judgeFile(
  file: string,
  options: Options,
  totals: { races: number; rounds: number; differences: number },
): Promise<void> {
  const absolute = path.resolve(io.workingDirectory, file);
  const kernel = options.kernel === undefined && options.toggle === undefined ? undefined : raceKernel(options);
  for (const result of judgeRaces(absolute, await recordingText(io, file), kernel)) {
    totals.races++;
    totals.rounds += result.rounds;
    totals.differences += result.differences.length;
    print(raceLine(result));
    if (result.standIn !== undefined) print(`  ${result.standIn}`);
    for (const { outcome, count } of result.differences) print(`  not predicted: ${outcome} (${count} rounds)`);
    if (result.uncompared.length > 0) print(`  not in the scenario's condition: ${result.uncompared.join(', ')}`);
    if (result.gaveUp !== undefined) print(`  the exploration is incomplete: ${result.gaveUp}`);
  }
}

function raceLine({ race, profile, rows, rounds, differences, states, seconds }: RaceResult): string {
  return `${race}: ${profile.name}: ${rows} outcomes in ${rounds} rounds, ${differences.length} differences, ${states} states, ${seconds.toFixed(1)} s`;
}

/** A single change can only be switched on a kernel that is named, as each race has been observed on several. */
function raceKernel({ kernel, toggle }: Options): Profile {
  if (kernel === undefined)
    throw new Failure('--toggle needs --kernel where races are judged.', { code: 'missing-operand' });
  return toggle === undefined ? profileOf(kernel) : toggled(profileOf(kernel), toggle);
}

async function replayFile(file: string, options: Options): Promise<Replayed> {
  const recording = await readAnyRecording(io, file);
  const start = performance.now();
  const { name, result, differences } = withName(file, () =>
    'kernel' in recording.header
      ? leaves(recording as EptRecording, file, options)
      : calls(recording as RecordingFile, options),
  );
  const seconds = (performance.now() - start) / 1000;
  if (result.standIn !== undefined) print(`${name}: ${result.standIn}`);
  if ('machine' in result) print(`${name}: read off the recording: ${result.machine}`);
  for (const difference of differences.slice(0, options.max)) print(`${name}: ${difference}`);
  const hidden = differences.length - options.max;
  if (hidden > 0) print(`${name}: ${hidden} further differences are not shown (--max ${options.max})`);
  print(
    `${name}: ${result.profile.name}: ${result.sequences} sequences, ${result.ops} ops, ${differences.length} differences, ${seconds.toFixed(1)} s`,
  );
  return { ...NOTHING, ...result };
}

/** What both kinds of recordings come to. */
type Replayed = Pick<ReplayResult, 'sequences' | 'ops' | 'artefacts' | 'functions' | 'inferred' | 'orders'> &
  Pick<EptResult, 'notCompared'> & { readonly differences: readonly unknown[] };
function calls(
  { header, sequences }: RecordingFile,
  options: Options,
): { name: string; result: ReplayResult; differences: string[] } {
  const result = replay(
    header,
    sequences,
    profileAskedFor(() => profileOfRecording(header).profile, options),
  );
  return { name: header.name, result, differences: result.differences.map(describe) };
}

function leaves(
  recording: EptRecording,
  file: string,
  options: Options,
): { name: string; result: EptResult; differences: string[] } {
  const profile = profileAskedFor(() => replayEpt({ ...recording, sequences: [] }).profile, options);
  const result = replayEpt(recording, profile);
  const differences = result.differences.map(
    ({ sequence, line, op, what, kernel, ours }) =>
      `${sequence} line ${line}: ${op}: ${what}: the kernel ${kernel || 'none'}, we ${ours || 'none'}`,
  );
  return { name: path.basename(file).replace(/\.jsonl(\.gz)?$/, ''), result, differences };
}

/** The profile that the options ask for; undefined when the recording's own release decides. */
function profileAskedFor(recorded: () => Profile, { kernel, toggle }: Options): Profile | undefined {
  const named = kernel === undefined ? undefined : profileOf(kernel);
  if (toggle === undefined) return named;
  return toggled(named ?? recorded(), toggle);
}

function toggled(base: Profile, toggle: string): Profile {
  const change = changeById.get(toggle);
  if (!change) {
    const near = nearest(
      toggle,
      CHANGES.map(({ id }) => id),
    );
    throw new Failure(`There is no kernel change \`${toggle}\`${didYouMean(near)}`, { code: 'unknown-change' });
  }
  return base.changes.has(change.id) ? profileWith(base, [], [change.id]) : profileWith(base, [change.id], []);
}

function describe(d: Difference): string {
  const place = d.op < 0 ? 'teardown' : `op ${d.op}`;
  return `${d.sequence} ${place}: ${d.text}: ${d.what}: the kernel ${d.kernel}, we ${d.ours}`;
}

function printFunctions(functions: ReadonlyMap<string, FunctionAgreement>): void {
  print('kernel function: recorded, ours, share on which both agree');
  const rows = [...functions].sort(([, a], [, b]) => b.recorded - a.recorded);
  for (const [name, { recorded, ours, agreed }] of rows) {
    const share = agreed / Math.max(recorded, ours);
    print(`  ${name}: ${recorded}, ${ours}, ${(share * 100).toFixed(1)} %`);
  }
}

function add(all: Map<string, FunctionAgreement>, name: string, counts: FunctionAgreement): void {
  const total = all.get(name) ?? { recorded: 0, ours: 0, agreed: 0 };
  total.recorded += counts.recorded;
  total.ours += counts.ours;
  total.agreed += counts.agreed;
  all.set(name, total);
}

function parseArguments(args: readonly string[]): Options {
  const files: string[] = [];
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [name = '', written] = args[i]!.split(/=(.*)/s);
    if (name === '-h') given.set('--help', '');
    else if (!name.startsWith('--')) files.push(args[i]!);
    else if (SWITCHES.includes(name) && written === undefined) given.set(name, '');
    else if (WITH_VALUE.includes(name)) given.set(name, writtenValue(name, written ?? args[++i]));
    else throw unknownOption(name);
  }
  const max = given.get('--max') ?? String(MOST_SHOWN);
  if (!/^\d+$/.test(max)) throw new Failure(`--max takes a whole number, found \`${max}\`.`, { code: 'not-a-count' });
  const help = given.has('--help');
  if (files.length === 0 && !help)
    throw new Failure('No recording was given; --help says what one is.', { code: 'missing-operand' });
  const [kernel, toggle] = [given.get('--kernel'), given.get('--toggle')];
  return {
    files,
    help,
    functions: given.has('--functions'),
    max: Number(max),
    ...(kernel !== undefined && { kernel }),
    ...(toggle !== undefined && { toggle }),
  };
}

function writtenValue(name: string, value: string | undefined): string {
  if (value !== undefined && value !== '' && !value.startsWith('--')) return value;
  throw new Failure(`${name} needs a value.`, { code: 'missing-value' });
}

function unknownOption(name: string): Failure {
  const near = nearest(name, [...WITH_VALUE, ...SWITCHES]);
  return new Failure(`There is no option \`${name}\`${didYouMean(near)} --help lists them.`, {
    code: 'unknown-option',
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
