// What a search knows at a limit is so, also where a pruning has just turned out wrong.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  elaborate,
  explore,
  type Model,
  movesOf,
  parse,
  profileNamed,
  Run,
  type ScheduledMove,
  Search,
} from '../../sim-core/src/index.ts';

const { model } = elaborate(parse(readFileSync(join(import.meta.dirname, '../bench/explore/L2e.snoop'), 'utf8')), {
  profile: profileNamed('v6.12')!,
}) as { model: Model };
const LIMITS = [2_500, 5_000, 10_000, 20_000];

/** Every schedule is one of the machine's. */
function replayed(schedules: readonly (readonly ScheduledMove[])[]): number {
  for (const schedule of schedules) {
    const run = new Run(model, { schedule, granularity: 'statement' });
    while (run.followsSchedule) run.advance();
    expect(run.scheduleProblem).toBeUndefined();
  }
  return schedules.length;
}

const schedulesOf = ({ findings, outcomes }: ReturnType<Search['result']>): (readonly ScheduledMove[])[] =>
  [...findings, ...outcomes].map(({ schedule }) => schedule);

test.each(LIMITS)('at a limit of %d states', (maxStates) => {
  const found = explore(model, { maxStates });
  expect(found.limit?.kind).toBe('states');
  expect(replayed(schedulesOf(found))).toBeGreaterThan(3);
});

test.each(LIMITS)('after a stop from outside at %d states, and to an observer', (states) => {
  const search = new Search(model, {});
  while (search.progress().states < states && search.step(1024));
  const seen = replayed(schedulesOf(search.result()));
  expect(seen).toBeGreaterThan(3);
  search.stop({ kind: 'stopped' });
  expect(replayed(schedulesOf(search.result()))).toBe(seen);
});

test('at a limit of memory, before a table that does not fit beside the old one', () => {
  const maxBytes = 500_000;
  const search = new Search(model, { maxBytes });
  while (search.step(1024));
  const { bytes } = search.progress();
  const { store } = search.space;
  expect(search.result()).toMatchObject({ complete: false, limit: { kind: 'bytes', at: maxBytes } });
  expect(bytes).toBeLessThan(maxBytes);
  expect(store.hasRoom(model.moves.length)).toBe(false);
  expect(bytes + store.growth(model.moves.length)).toBeGreaterThanOrEqual(maxBytes);
});

test('at a limit of depth', () => {
  const found = explore(model, { maxDepth: 12 });
  expect(found.limit?.kind).toBe('depth');
  replayed(schedulesOf(found));
  expect(found.findings.every(({ schedule }) => movesOf(schedule).length <= 12)).toBe(true);
});
