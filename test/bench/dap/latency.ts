// `npm run -s bench -- dap`: from a step, forwards or back, to its stop, and to everything the Variables view shows.
// The reference, in the same run: the smallest adapter that the library allows (mock.ts), which computes nothing.
// Goal: step and step back with inspection within 1.6 times the mock, where lldb-dap takes about 4 times.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { Client } from './client.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const SCENARIO = path.join(root, 'test/dap/scenarios/endless.snoop');
const WARM_UP = 100;
const ROUNDS = 300;

/** Tables for people and numbers for machines; see scripts/bench.mjs. */
export async function run(): Promise<object> {
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
  try {
    const mock = await measure(bundle(folder, 'mock', 'test/bench/dap/mock.ts'));
    const ours = await measure(bundle(folder, 'adapter', 'debug-adapter/src/main.ts'));
    const names = Object.keys(ours) as (keyof Times)[];
    const rows = names.flatMap((what) => [row(`${what}, mock`, mock[what]), row(what, ours[what], mock[what])]);
    const columns = ['', 'median', 'p95', 'ratio to mock'];
    const title = `milliseconds, ${ROUNDS} steps each way`;
    const ratio = Object.fromEntries(names.map((what) => [what, median(ours[what]) / median(mock[what])]));
    return { tables: [{ title, columns, rows }], result: { ratio } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Times {
  readonly 'launch to stop': number[];
  readonly step: number[];
  readonly 'step and two scopes': number[];
  readonly 'step and every scope': number[];
  readonly 'step back and two scopes': number[];
}

async function measure(program: string): Promise<Times> {
  const began = performance.now();
  const client = new Client(spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] }));
  await client.request('initialize', {
    adapterID: 'bench',
    linesStartAt1: true,
    columnsStartAt1: true,
    pathFormat: 'path',
  });
  await Promise.all([client.event('initialized'), client.request('launch', { program: SCENARIO })]);
  const first = await client.move('configurationDone', {});
  const launch = performance.now() - began;
  let thread = first.threadId;
  const times: Times = {
    'launch to stop': [launch],
    step: [],
    'step and two scopes': [],
    'step and every scope': [],
    'step back and two scopes': [],
  };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const start = performance.now();
    thread = (await client.move('next', { threadId: thread })).threadId;
    const stopped = performance.now();
    const scopes = await client.inspect(thread, 2);
    const two = performance.now();
    await client.open(scopes);
    const all = performance.now();
    if (round < 0) continue;
    times.step.push(stopped - start);
    times['step and two scopes'].push(two - start);
    times['step and every scope'].push(all - start);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    thread = (await client.move('stepBack', { threadId: thread })).threadId;
    await client.inspect(thread, 2);
    times['step back and two scopes'].push(performance.now() - start);
  }
  client.end();
  return times;
}

function bundle(folder: string, name: string, entry: string): string {
  const outfile = path.join(folder, `${name}.cjs`);
  const options: BuildOptions = { platform: 'node', format: 'cjs', target: 'node22', mainFields: ['module', 'main'] };
  buildSync({ ...options, absWorkingDir: root, entryPoints: [entry], outfile, bundle: true, logLevel: 'error' });
  return outfile;
}

function row(name: string, times: readonly number[], reference?: readonly number[]): string[] {
  const ratio = reference ? (median(times) / median(reference)).toFixed(2) : '';
  return [name, median(times).toFixed(2), quantile(times, 0.95).toFixed(2), ratio];
}

function median(times: readonly number[]): number {
  return quantile(times, 0.5);
}

function quantile(times: readonly number[], at: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] as number;
}
