// `npm run -s bench -- trace`: a trace of a million events in the debug adapter, from its launch to its first stop, the
// memory of its process, and what a jump to any place takes with what a debugger's window asks there.
// Goal: opens in 1 s, takes 200 MB, jumps in 10 ms. `load` in the last line says how busy the machine was.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { deflateSync } from 'node:zlib';
import { encodeTrace, type Run, traceBlock, traceOfRun } from '@snoopscope/sim-core';
import { build } from '../../../scripts/build.mjs';
import { root } from '../../../scripts/install.mjs';
import { Client } from '../dap/client.ts';
import { longRun } from '../long-run.ts';

const EVENTS = 1_000_000;
const SEEKS = 200;
const OPENINGS = 5;

type Adapter = ChildProcessByStdio<Writable, Readable, null>;

interface Opened {
  readonly adapter: Adapter;
  readonly client: Client;
  readonly threadId: number;
  readonly times: Times;
}

/** The clock's, and what the process has computed: a busy machine makes only the first longer. */
interface Times {
  readonly wall: number;
  readonly cpu: number;
}

/** Tables for people and numbers for machines; see scripts/bench.mjs. */
export async function run(): Promise<object> {
  await build(['debug-adapter']);
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
  try {
    const small = path.join(folder, 'small.snooptrace');
    const large = path.join(folder, 'large.snooptrace');
    record(small, 1000);
    const { steps, events } = record(large, EVENTS);
    const base = await openings(small);
    const opened = await openings(large);
    const { jumps, megabytes, peak } = await walk(large, steps);
    const row = (name: string, times: readonly Times[]): string[] => [
      name,
      ...[0.5, 0.95].map((at) =>
        quantile(
          times.map(({ wall }) => wall),
          at,
        ).toFixed(1),
      ),
      mean(times.map(({ cpu }) => cpu)).toFixed(1),
    ];
    const title = `A trace of ${events.toLocaleString('en')} events, ${steps.toLocaleString('en')} micro-steps, ${(statSync(large).size / 1e6).toFixed(1)} MB`;
    return {
      tables: [
        {
          title,
          columns: ['', 'median, ms', '95 %, ms', 'computing, mean, ms'],
          rows: [
            row('start of the process to first stop, a trace of 1,000 events', base),
            row('start of the process to first stop', opened),
            row('jump to any place, with stack, scopes and two scopes of variables', jumps),
          ],
          notes: [`Memory of the process: ${megabytes.toFixed(0)} MB, at most ${peak.toFixed(0)} MB.`],
        },
      ],
      result: { events, steps, base, opened, jump: mean(jumps.map(({ cpu }) => cpu)), megabytes, peak },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function record(file: string, least: number): Run {
  const made = longRun(least);
  const trace = traceOfRun(made, {
    writtenBy: 'snoopscope bench',
    name: 'bench.snoop',
    includes: () => undefined,
    cursor: made.steps,
  });
  writeFileSync(file, encodeTrace(trace, deflateSync(traceBlock(trace))));
  return made;
}

async function openings(file: string): Promise<Times[]> {
  const all: Times[] = [];
  for (let round = 0; round < OPENINGS; round++) {
    const { adapter, times } = await open(file);
    adapter.kill();
    all.push(times);
  }
  return all;
}

async function open(file: string): Promise<Opened> {
  const began = performance.now();
  const program = path.join(root, 'dist/debug-adapter.js');
  const adapter = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const client = new Client(adapter);
  await client.request('initialize', { adapterID: 'bench', linesStartAt1: true, columnsStartAt1: true });
  await Promise.all([client.event('initialized'), client.request('launch', { program: file })]);
  const { threadId } = await client.move('configurationDone', {});
  return { adapter, client, threadId, times: { wall: performance.now() - began, cpu: computed(adapter) } };
}

async function walk(file: string, steps: number): Promise<{ jumps: Times[]; megabytes: number; peak: number }> {
  const { adapter, client, threadId } = await open(file);
  await client.inspect(threadId, 2);
  const jumps: Times[] = [];
  const before = computed(adapter);
  for (let jump = 0; jump < SEEKS; jump++) {
    // Spread over the whole run, far from each other.
    const position = (jump * 7_368_787) % steps;
    const start = performance.now();
    const stop = await client.move('snoopscope/seek', { position });
    await client.inspect(stop.threadId, 2);
    jumps.push({ wall: performance.now() - start, cpu: 0 });
  }
  // The kernel counts in hundredths of a second: one jump is too short for that.
  const cpu = (computed(adapter) - before) / SEEKS;
  const status = readFileSync(`/proc/${adapter.pid}/status`, 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  adapter.kill();
  return {
    jumps: jumps.map(({ wall }) => ({ wall, cpu })),
    megabytes: kilobytes('VmRSS') / 1024,
    peak: kilobytes('VmHWM') / 1024,
  };
}

/** Milliseconds that a process has computed for, in all its threads. */
function computed({ pid }: Adapter): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function mean(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

function quantile(times: readonly number[], at: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))]!;
}
