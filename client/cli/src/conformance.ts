/**
 * `npm run -s conformance -- FILE.jsonl.gz …`: replays recordings of real kernels and shows every difference.
 *
 * Ends with `N sequences, N ops, N differences`; exit status 1 when there is any, 2 when a file cannot be replayed.
 * Options: `--functions` adds the share of traced kernel functions on which both agree, `--kernel NAME` replays on
 * another profile, `--toggle CHANGE` switches one kernel change, `--max N` shows at most N differences a file (default 20; all are counted).
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  changeById,
  type Difference,
  type FunctionAgreement,
  type Profile,
  parseRecording,
  profileFor,
  profileNamed,
  profileWith,
  type RecordingHeader,
  replay,
} from '@snoopscope/sim-core';

interface Options {
  readonly files: readonly string[];
  readonly functions: boolean;
  readonly kernel?: string;
  readonly toggle?: string;
  readonly max: number;
}

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const options = parseArguments(args);
  if (typeof options === 'string') {
    process.stderr.write(
      `${options}\nUsage: npm run -s conformance -- [--functions] [--kernel NAME] [--toggle CHANGE] [--max N] FILE.jsonl.gz …\n`,
    );
    return 2;
  }
  const totals = { sequences: 0, ops: 0, differences: 0, inferred: 0 };
  const artefacts = new Map<string, number>();
  const orders = { calls: 0, agreed: 0 };
  const functions = new Map<string, FunctionAgreement>();
  for (const file of options.files) {
    try {
      const result = replayFile(file, options);
      totals.sequences += result.sequences;
      totals.ops += result.ops;
      totals.differences += result.differences.length;
      totals.inferred += result.inferred;
      orders.calls += result.orders.calls;
      orders.agreed += result.orders.agreed;
      for (const [name, count] of result.artefacts) artefacts.set(name, (artefacts.get(name) ?? 0) + count);
      for (const [name, counts] of result.functions) add(functions, name, counts);
    } catch (error) {
      process.stderr.write(`${file}: ${error instanceof Error ? error.message : String(error)}\n`);
      return 2;
    }
  }
  for (const [name, count] of artefacts)
    print(`artefact of the emulator, followed and not counted as a difference: ${name}: ${count} calls`);
  if (totals.inferred > 0)
    print(
      `argument taken from a sequence that is not in the file, inferred from the kernel's answer: ${totals.inferred} calls`,
    );
  if (options.functions) {
    printFunctions(functions);
    print(`order: in ${orders.agreed} of ${orders.calls} calls all modelled functions ran in the kernel's order`);
  }
  print(`${totals.sequences} sequences, ${totals.ops} ops, ${totals.differences} differences`);
  return totals.differences > 0 ? 1 : 0;
}

function replayFile(file: string, options: Options): ReturnType<typeof replay> {
  const { header, sequences } = parseRecording(readText(file));
  const profile = profileOf(header, options);
  const start = performance.now();
  const result = replay(header, sequences, profile);
  const seconds = (performance.now() - start) / 1000;
  if (result.standIn !== undefined) print(`${header.name}: ${result.standIn}`);
  for (const difference of result.differences.slice(0, options.max)) print(describe(header.name, difference));
  const hidden = result.differences.length - options.max;
  if (hidden > 0) print(`${header.name}: ${hidden} further differences are not shown (--max ${options.max})`);
  print(
    `${header.name}: ${result.profile.name}: ${result.sequences} sequences, ${result.ops} ops, ${result.differences.length} differences, ${seconds.toFixed(1)} s`,
  );
  return result;
}

/** The profile that the options ask for; undefined when the recording's own release decides. */
function profileOf(header: RecordingHeader, options: Options): Profile | undefined {
  const named = options.kernel === undefined ? undefined : profileNamed(options.kernel);
  if (options.kernel !== undefined && !named) throw new RangeError(`there is no kernel ${options.kernel}`);
  if (options.toggle === undefined) return named;
  const change = changeById.get(options.toggle);
  if (!change) throw new RangeError(`there is no change ${options.toggle}`);
  const base = named ?? profileFor(header).profile;
  return base.changes.has(change.id) ? profileWith(base, [], [change.id]) : profileWith(base, [change.id], []);
}

function describe(name: string, d: Difference): string {
  const place = d.op < 0 ? 'teardown' : `op ${d.op}`;
  return `${name}: ${d.sequence} ${place}: ${d.text}: ${d.what}: the kernel ${d.kernel}, we ${d.ours}`;
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

/** npm runs scripts in the project's folder; the user's files are relative to where npm was called. */
function readText(file: string): string {
  const bytes = readFileSync(path.resolve(process.env.INIT_CWD ?? process.cwd(), file));
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (compressed ? gunzipSync(bytes) : bytes).toString('utf8');
}

function parseArguments(args: readonly string[]): Options | string {
  const files: string[] = [];
  let functions = false;
  let kernel: string | undefined;
  let toggle: string | undefined;
  let max = 20;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--functions') functions = true;
    else if (arg === '--kernel') kernel = args[++i];
    else if (arg === '--toggle') toggle = args[++i];
    else if (arg === '--max') max = Number(args[++i]);
    else if (arg.startsWith('--')) return `There is no option ${arg}.`;
    else files.push(arg);
  }
  if (files.length === 0) return 'No recording was given.';
  if (!Number.isInteger(max) || max < 0) return '--max needs a number.';
  return {
    files,
    functions,
    max,
    ...(kernel === undefined ? {} : { kernel }),
    ...(toggle === undefined ? {} : { toggle }),
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
