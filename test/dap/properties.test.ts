// Time travel: back is the exact inverse of forward, every state is seen alike from both sides, and nothing is random.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DapClient, root, type Stop } from './client.ts';

const gallery = readdirSync(path.join(root, 'scenarios'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.snoop'))
  .map((name) => `scenarios/${name.replaceAll('\\', '/')}`);
const programs = [...gallery, 'test/dap/scenarios/procedures.snoop'];
const reference = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';

describe('stepping back gives at every step what stepping forward gave', () => {
  test.each([reference, 'test/dap/scenarios/procedures.snoop'])('statements of %s', (name) =>
    thereAndBack(name, 'next'),
  );
  test.each([reference, 'test/dap/scenarios/procedures.snoop'])('micro-steps of %s', (name) =>
    thereAndBack(name, 'stepIn'),
  );
});

test('there and back in every scenario of the gallery', async () => {
  expect(programs.length).toBeGreaterThan(5);
  for (const program of programs) await thereAndBack(program, 'next', 'positions');
});

test('with breakpoints on all lines a run stops at the same places forwards and back', async () => {
  for (const program of programs) {
    const client = await started(program);
    await client.request('setExceptionBreakpoints', { filters: [] });
    const { sources } = await client.request('loadedSources');
    for (const source of sources) {
      if (source.path === undefined) continue;
      const locations = await client.request('breakpointLocations', { source, line: 1, endLine: 10_000 });
      const breakpoints = locations.breakpoints.map(({ line }: { line: number }) => ({ line }));
      await client.request('setBreakpoints', { source, breakpoints });
    }
    const stop = await client.run();
    const forward = await stopsOnTheWay(client, stop, 'continue');
    const back = await stopsOnTheWay(client, stop, 'reverseContinue');
    // The entry is a stop of its own: a breakpoint on the first statement stops there on the way back only.
    expect([program, back.filter(([position]) => position !== 0).reverse()]).toEqual([program, forward]);
  }
});

test('however one walks, positions are consistent and the same place looks the same', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...programs), walk(), async (program, steps) => {
      const client = await started(program);
      const seen = new Map<number, string>();
      let stop = await client.run();
      for (const step of steps) {
        stop = await client.move(step.command, { threadId: await someThread(client, stop, step.thread) });
        const { position, steps: all } = await client.request('snoopscope/position');
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThanOrEqual(all);
        const state = await client.machine();
        expect(seen.get(position) ?? state).toBe(state);
        seen.set(position, state);
      }
    }),
    { numRuns: 60 },
  ));

test('a step back undoes any step, from any place', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...programs), walk(), forwardStep(), async (program, steps, last) => {
      const client = await started(program);
      let stop = await client.run();
      for (const step of steps) {
        stop = await client.move(step.command, { threadId: await someThread(client, stop, step.thread) });
      }
      const { position } = await client.request('snoopscope/position');
      const state = await client.machine();
      const moved = await client.move(last, { threadId: stop.threadId });
      const after = await client.request('snoopscope/position');
      // A step that led nowhere (the end of the run) has nothing to undo.
      if (after.position === position) return;
      await client.move('stepBack', { threadId: moved.threadId });
      const undone = await client.request('snoopscope/position');
      expect(undone.position).toBe(position);
      expect(await client.machine()).toBe(state);
    }),
    { numRuns: 60 },
  ));

test('the same session twice sends the same bytes', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...programs), walk(), async (program, steps) => {
      const bytes = async (): Promise<string> => {
        const client = await started(program);
        let stop = await client.run();
        for (const step of steps) {
          stop = await client.move(step.command, { threadId: await someThread(client, stop, step.thread) });
        }
        await client.everything();
        return JSON.stringify(client.messages);
      };
      expect(await bytes()).toBe(await bytes());
    }),
    { numRuns: 15 },
  ));

test('branches keep what was recorded, and each is the run of its own schedule', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...programs), branchingWalk(), async (program, steps) => {
      const client = await started(program);
      await client.request('setExceptionBreakpoints', { filters: [] });
      let stop = await client.run();
      const seen = new Map<string, string>();
      const lengths: number[] = [];
      for (const step of steps) {
        stop = (await branchingStep(client, stop, step)) ?? stop;
        const at = await client.request('snoopscope/position');
        expect(at.steps).toBeGreaterThanOrEqual(lengths[at.branch] ?? 0);
        lengths[at.branch] = at.steps;
        const state = await client.machine();
        const place = `${at.branch} ${at.position}`;
        expect(seen.get(place) ?? state).toBe(state);
        seen.set(place, state);
      }
      const { position } = await client.request('snoopscope/position');
      const { result: schedule } = await client.request('evaluate', { expression: 'schedule', context: 'repl' });
      const state = await client.machine();
      if (!schedule.startsWith('schedule')) return;
      const other = new DapClient();
      await other.launch(program, { schedule, maxSteps: 3000 });
      await other.request('setExceptionBreakpoints', { filters: [] });
      await other.run();
      await other.move('continue', { threadId: 1 });
      await other.move('snoopscope/seek', { position });
      expect(await other.machine()).toBe(state);
    }),
    { numRuns: 60 },
  ));

type Place = readonly [position: number, thread: number, frames: string, breakpoints: string];

/** Where a run stops at breakpoints, up to whatever else stops it. */
async function stopsOnTheWay(client: DapClient, from: Stop, command: string): Promise<Place[]> {
  const places: Place[] = [];
  let stop = from;
  for (let guard = 0; guard < 5000; guard++) {
    stop = await client.move(command, { threadId: stop.threadId });
    if (stop.reason !== 'breakpoint') return places;
    const { position } = await client.request('snoopscope/position');
    const frames = (await client.stack(stop.threadId)).map(({ name, line }) => `${name}:${line}`).join(' < ');
    places.push([position, stop.threadId, frames, String(stop.hitBreakpointIds)]);
  }
  throw new Error('more stops than a scenario of the gallery has');
}

interface BranchingStep {
  readonly command: string;
  readonly pick: number;
}

function branchingWalk(): fc.Arbitrary<BranchingStep[]> {
  const command = fc.constantFrom(
    'next',
    'stepIn',
    'target',
    'target',
    'target',
    'branch',
    'stepBack',
    'seek',
    'continue',
  );
  return fc.array(fc.record({ command, pick: fc.nat(1000) }), { maxLength: 20 });
}

/** Moves to one of the places that a command can lead to from here; undefined when there is none. */
async function branchingStep(
  client: DapClient,
  { threadId }: Stop,
  { command, pick }: BranchingStep,
): Promise<Stop | undefined> {
  const { steps, branches } = await client.request('snoopscope/position');
  switch (command) {
    case 'target': {
      const { targets } = await client.request('stepInTargets', { frameId: 0 });
      if (targets.length === 0) return undefined;
      return client.move('stepIn', { threadId, targetId: targets[pick % targets.length].id });
    }
    case 'branch':
      return client.move('evaluate', { expression: `branch ${1 + (pick % branches)}`, context: 'repl' });
    case 'seek':
      return client.move('snoopscope/seek', { position: pick % (steps + 1) });
    default:
      return client.move(command, { threadId });
  }
}

interface WalkStep {
  readonly command: string;
  /** Which of the threads, by its place in the list; the stopped one without. */
  readonly thread: number | undefined;
}

function walk(): fc.Arbitrary<WalkStep[]> {
  const command = fc.constantFrom(
    'next',
    'next',
    'next',
    'stepIn',
    'stepIn',
    'stepOut',
    'stepBack',
    'stepBack',
    'continue',
    'reverseContinue',
  );
  return fc.array(fc.record({ command, thread: fc.option(fc.nat(6), { nil: undefined }) }), { maxLength: 25 });
}

function forwardStep(): fc.Arbitrary<string> {
  return fc.constantFrom('next', 'stepIn', 'stepOut');
}

async function started(program: string): Promise<DapClient> {
  const client = new DapClient();
  await client.launch(program, { maxSteps: 3000 });
  await client.request('setExceptionBreakpoints', {
    filters: ['stale-read', 'wbinvd-exit', 'group-registration', 'failed-call'],
  });
  return client;
}

async function someThread(client: DapClient, stop: Stop, wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return stop.threadId;
  const { threads } = await client.request('threads');
  return threads[wanted % threads.length].id;
}

/** Steps to the end and back, and compares what is seen at each stop; positions and machines, or everything there is. */
async function thereAndBack(
  program: string,
  command: string,
  what: 'everything' | 'positions' = 'everything',
): Promise<void> {
  const client = await started(program);
  await client.request('setExceptionBreakpoints', { filters: [] });
  const look = async (): Promise<unknown> => [
    (await client.request('snoopscope/position')).position,
    what === 'everything' ? await client.everything() : await client.machine(),
  ];
  let stop = await client.run();
  const forward = [await look()];
  for (let guard = 0; guard < 4000; guard++) {
    stop = await client.move(command, { threadId: stop.threadId });
    if (stop.reason === 'end' || stop.reason === 'limit') break;
    forward.push(await look());
  }
  const end = (await client.request('snoopscope/position')).position;
  // The last step may have led to the end itself, which is then a place of its own.
  if (end === (forward.at(-1) as [number, unknown])[0]) forward.pop();
  expect(forward.length).toBeGreaterThan(1);
  while (forward.length > 0) {
    stop = await client.move('stepBack', { threadId: stop.threadId });
    expect(await look()).toEqual(forward.pop());
  }
  expect((await client.request('snoopscope/position')).position).toBe(0);
}
