// A picture of nothing, of what a limit cut, and of far too much: a sentence, not a blank or a hang.
import {
  type ExplorationReport,
  memoryPicture,
  ObjectNames,
  outcomesPicture,
  Run,
  RunIndex,
  timeline,
  topologyPicture,
} from '@snoopscope/sim-core';
import { draw, svgFile, textOf } from '@snoopscope/views/draw';
import { expect, test } from 'vitest';
import { graphOf, modelOf, recorded } from './recorded.ts';

const MACHINE = 'machine {\n  cpu intel count=2\n  memory x = 0\n}\n';

test('an empty run', () => {
  const model = modelOf(`${MACHINE}thread qemu {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n`);
  const run = new Run(model);
  const index = new RunIndex(run);
  index.extend();
  const picture = timeline(index);
  expect(picture.notices).toEqual(['Nothing has happened yet: the run has no steps.']);
  expect(picture.window).toEqual({ first: 0, end: 1 });
  for (const one of [
    picture,
    memoryPicture(run.cursor(), new ObjectNames(run)),
    topologyPicture(run.cursor(), new ObjectNames(run)),
  ])
    expect(svgFile(draw(one, 600), textOf(one))).not.toMatch(/NaN|undefined|Infinity/);
});

test('a scenario without memory', () => {
  const { run, names } = recorded(modelOf('thread qemu {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n'));
  expect(memoryPicture(run.cursor(), names).notices).toEqual(['The scenario declares no memory.']);
});

test('a run that a limit cut says so', () => {
  const { index } = recorded(
    modelOf(`${MACHINE}thread qemu {\n  loop {\n    kvm = open("/dev/kvm", O_RDWR)\n    close(kvm)\n  }\n}\n`),
    {
      maxSteps: 500,
    },
  );
  expect(timeline(index).notices).toContain('The run was cut at the limit of 500 micro-steps.');
});

test('five thousand actors, about the most that fit into a machine: some lanes, and how to see others', () => {
  const actors = 5000;
  const text = Array.from({ length: actors }, (_, i) => `thread t${i} {\n  f${i} = open("/dev/kvm", O_RDWR)\n}\n`).join(
    '',
  );
  const { index, run } = recorded(modelOf(MACHINE + text));
  const picture = timeline(index);
  expect(picture.lanes.length).toBeLessThanOrEqual(60);
  expect(picture.notices.join(' ')).toMatch(/60 of 50\d\d lanes are shown/);
  const last = timeline(index, { first: run.steps - 20, end: run.steps });
  expect(last.lanes.map(({ name }) => name)).toContain(`t${actors - 1}`);
  const filtered = new RunIndex(run, 't77');
  filtered.extend();
  expect(timeline(filtered).lanes.map(({ name }) => name)).toContain('t77');
});

test('windows that make no sense are brought into the run', () => {
  const { index, run } = recorded(modelOf(`${MACHINE}thread qemu {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n`));
  for (const [first, end] of [
    [-5, 3],
    [9999, 10_000],
    [3, 1],
    [0.5, 2.25],
    [Number.NaN, Number.NaN],
  ] as const) {
    const { window } = timeline(index, { first, end });
    expect(window.first).toBeGreaterThanOrEqual(0);
    expect(window.end).toBeGreaterThan(window.first);
    expect(window.end).toBeLessThanOrEqual(run.steps);
  }
});

test('names with marks of other languages do not break the drawing', () => {
  const { index } = recorded(modelOf(`${MACHINE}thread qemu {\n  a = open("/dev/<kvm>&\\"x", O_RDWR)\n}\n`));
  const picture = timeline(index);
  expect(svgFile(draw(picture, 600), textOf(picture))).not.toMatch(/<kvm>|&(?!amp;|lt;|gt;|quot;)/);
});

const NOTHING_FOUND: ExplorationReport = {
  kernel: 'v6.12',
  granularity: 'statement',
  passed: undefined,
  complete: false,
  limit: { kind: 'states', at: 10 },
  states: 10,
  transitions: 12,
  frontier: 4,
  depth: 3,
  bytes: 100,
  environment: [],
  advice: [],
  dropped: [],
  finals: 0,
  conditions: [],
  terms: [],
  outcomes: [],
  findings: [],
};

test('ten thousand outcomes: some bars, and where all of them are', () => {
  const outcomes = Array.from({ length: 10_000 }, (_, i) => ({ values: [String(i)], finals: 1, schedule: 'schedule' }));
  const picture = outcomesPicture({ ...NOTHING_FOUND, complete: true, terms: ['gpu.r0'], outcomes });
  expect(picture.bars).toHaveLength(200);
  expect(picture.notices.join(' ')).toMatch(/200 of 10000 outcomes are shown; `snoopscope explore --format json`/);
  expect(draw(picture, 600).height).toBeLessThan(20_000);
});

test('an exploration that ended at a limit, and one without an outcome', () => {
  const { notices } = outcomesPicture(NOTHING_FOUND, 'too large');
  expect(notices).toEqual([
    'Not every state was seen: the exploration ended after 10 states (limit of 10 states).',
    'No execution was followed to its end, so no outcome is known.',
    'There are too many states to draw them all.',
  ]);
  expect(outcomesPicture({ ...NOTHING_FOUND, complete: true, limit: undefined }).notices).toEqual([
    'No execution ends, so there is no outcome.',
  ]);
});

test('a space that is too large has no graph', () => {
  const many = Array.from(
    { length: 8 },
    (_, i) =>
      `thread t${i} {\n  f${i} = open("/dev/kvm", O_RDWR)\n  g${i} = open("/dev/kvm", O_RDWR)\n  h${i} = open("/dev/kvm", O_RDWR)\n}\n`,
  ).join('');
  const model = modelOf(MACHINE + many);
  const space = { complete: true, states: 100, granularity: 'micro' } as const;
  expect(graphOf(model, space)).toBe('too large');
  // What a search did not see to its end is not drawn, and of a large one it is known before the first state.
  expect(graphOf(model, { ...space, complete: false })).toBeUndefined();
  expect(graphOf(model, { ...space, states: 1e6 })).toBe('too large');
});
