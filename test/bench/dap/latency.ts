// `npm run -s bench -- dap`: from a step, forwards or back, to its stop, and to everything the Variables view shows.
//
// References, in the same run: the smallest adapter that the library allows (mock.ts), which computes nothing, and LLDB's
// adapter on a loop in C, if there is one on the path or in LLDB_DAP. Goals: a step with its stack, scopes and variables in
// 5 ms at the 95th percentile, back as well; on a run of a million events, a reverse with a breakpoint on data in 100 ms.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { Client } from './client.ts';
import { cpuSeconds } from './cpu.ts';
import { compiledLoop, findLldb, LLDB_MISSING } from './lldb.ts';
import { million } from './million.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const SCENARIO = path.join(root, 'test/dap/scenarios/endless.snoop');
const WARM_UP = 100;
const ROUNDS = 300;

/** Tables for people and numbers for machines; see scripts/bench.mjs. */
export async function run(): Promise<object> {
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
  try {
    const node = (program: string): Debugged => ({
      command: process.execPath,
      args: [program],
      launch: { program: SCENARIO },
    });
    const mock = await measure(node(bundle(folder, 'mock', 'test/bench/dap/mock.ts')), true);
    const adapter = bundle(folder, 'adapter', 'debug-adapter/src/main.ts');
    const ours = await measure(node(adapter), true);
    const lldb = findLldb();
    const loop = lldb && compiledLoop(folder);
    const theirs =
      lldb && loop
        ? await measure({ command: lldb, args: [], launch: { program: loop }, breakAt: 'main' }, false)
        : undefined;
    const rows = NAMES.flatMap((what) => [
      row(`${what}, mock`, mock[what]),
      ...(theirs?.[what].wall.length ? [row(`${what}, LLDB`, theirs[what])] : []),
      row(what, ours[what]),
    ]);
    const notes = [`load ${loadavg()[0]?.toFixed(1)}`, ...(theirs ? ['LLDB does not step back.'] : [LLDB_MISSING])];
    const large = await million(adapter);
    const tables = [
      { title: `milliseconds, ${ROUNDS} steps each way`, columns: COLUMNS, rows, notes },
      { title: large.title, columns: ['', 'wall', 'CPU'], rows: large.rows },
    ];
    const ratio = Object.fromEntries(NAMES.map((what) => [what, median(ours[what].wall) / median(mock[what].wall)]));
    const figures = (times: Times | undefined): object =>
      Object.fromEntries(
        NAMES.map((what) => [what, times && { p95: quantile(times[what].wall, 0.95), cpu: times[what].cpu }]),
      );
    return { tables, result: { ratio, ours: figures(ours), lldb: figures(theirs), million: large.result } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const COLUMNS = ['', 'median', 'p95', 'CPU each'];
const NAMES = [
  'launch to stop',
  'step',
  'step and two scopes',
  'step and every scope',
  'step back and two scopes',
] as const;

/** Milliseconds: of the wall clock for each round, and of CPU time for one of them. */
interface Measured {
  readonly wall: number[];
  cpu: number;
}

type Times = Readonly<Record<(typeof NAMES)[number], Measured>>;

interface Debugged {
  readonly command: string;
  readonly args: readonly string[];
  readonly launch: object;
  /** Where it stops first, for adapters that do not stop at entry. */
  readonly breakAt?: string;
}

async function measure({ command, args, launch, breakAt }: Debugged, stepsBack: boolean): Promise<Times> {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const client = new Client(child);
  const pid = child.pid!;
  await client.request('initialize', {
    adapterID: 'bench',
    linesStartAt1: true,
    columnsStartAt1: true,
    pathFormat: 'path',
  });
  await Promise.all([client.event('initialized'), client.request('launch', launch)]);
  if (breakAt) await client.request('setFunctionBreakpoints', { breakpoints: [{ name: breakAt }] });
  let { threadId } = await client.move('configurationDone', {});
  const times = Object.fromEntries(NAMES.map((what) => [what, { wall: [], cpu: 0 }])) as unknown as Times;
  times['launch to stop'].wall.push(performance.now() - began);
  times['launch to stop'].cpu = cpuSeconds(pid) * 1000;
  const rounds = async (
    what: Exclude<(typeof NAMES)[number], 'launch to stop'>,
    move: string,
    look: number,
  ): Promise<void> => {
    let cpu = 0;
    for (let round = what === 'step' ? -WARM_UP : 0; round < ROUNDS; round++) {
      if (round === 0) cpu = cpuSeconds(pid);
      const start = performance.now();
      threadId = (await client.move(move, { threadId })).threadId;
      if (look > 0) await client.inspect(threadId, look);
      if (round >= 0) times[what].wall.push(performance.now() - start);
    }
    times[what].cpu = ((cpuSeconds(pid) - cpu) * 1000) / ROUNDS;
  };
  await rounds('step', 'next', 0);
  await rounds('step and two scopes', 'next', 2);
  await rounds('step and every scope', 'next', Number.POSITIVE_INFINITY);
  if (stepsBack) await rounds('step back and two scopes', 'stepBack', 2);
  client.end();
  return times;
}

function bundle(folder: string, name: string, entry: string): string {
  const outfile = path.join(folder, `${name}.cjs`);
  const options: BuildOptions = { platform: 'node', format: 'cjs', target: 'node22', mainFields: ['module', 'main'] };
  buildSync({ ...options, absWorkingDir: root, entryPoints: [entry], outfile, bundle: true, logLevel: 'error' });
  return outfile;
}

function row(name: string, { wall, cpu }: Measured): string[] {
  return [name, median(wall).toFixed(2), quantile(wall, 0.95).toFixed(2), cpu.toFixed(2)];
}

function median(times: readonly number[]): number {
  return quantile(times, 0.5);
}

function quantile(times: readonly number[], at: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))]!;
}
