/**
 * Several workers find what one search finds. They are called here in turns instead of running at once, each on its own
 * view of the shared memory; the benchmark and the command line run them as threads.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLevelWorker, type ToLevelWorker } from '../../sim-core/src/explore/level-worker.ts';
import { ParallelSearch } from '../../sim-core/src/explore/parallel.ts';
import { type Exploration, type ExploreOptions, explore } from '../../sim-core/src/explore/search.ts';
import {
  elaborate,
  type Model,
  movesOf,
  NO_REDUCTION,
  type Profile,
  parse,
  profileNamed,
} from '../../sim-core/src/index.ts';
import { randomScenario } from './random-scenario.ts';

function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v6.12') as Profile });
  if (!model) throw new Error(diagnostics[0]?.message);
  return model;
}

function together(model: Model, count: number, options: ExploreOptions): { exploration: Exploration; levels: number } {
  const waiting: { worker: number; message: ToLevelWorker }[] = [];
  const workers = Array.from({ length: count }, () => createLevelWorker());
  const search = new ParallelSearch(
    model,
    { ...options, sharedLevel: 8 },
    workers.map((_, worker) => ({ post: (message) => void waiting.push({ worker, message }) })),
    () => {},
  );
  let levels = 0;
  while (search.step(1000)) {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const done = workers[next.worker]?.(next.message);
      if (done) {
        levels++;
        search.receive(done);
      }
    }
  }
  return { exploration: search.result(), levels };
}

/** What must not depend on the number of workers. */
function essence({
  states,
  transitions,
  finals,
  complete,
  conditions,
  outcomes,
  findings,
  maxDepth,
}: Exploration): object {
  const length = (schedule: Parameters<typeof movesOf>[0]): number => movesOf(schedule).length;
  return {
    states,
    transitions,
    finals,
    complete,
    maxDepth,
    conditions: conditions.map(({ holds, positive, negative, witness }) => [
      holds,
      positive,
      negative,
      witness && length(witness),
    ]),
    outcomes: outcomes.map((o) => [o.values, o.finals, length(o.schedule)]),
    findings: findings.map((f) => [f.finding, f.occurrences, length(f.schedule)]).sort(),
  };
}

describe('workers', () => {
  it.each([1, 2, 3])('%i of them find what one search finds in the scenario of the benchmark', (count) => {
    const model = modelOf(readFileSync(join(import.meta.dirname, '../bench/explore/L2e.snoop'), 'utf8'));
    const { exploration, levels } = together(model, count, {});
    expect(essence(exploration)).toEqual(essence(explore(model)));
    expect(levels).toBeGreaterThan(10);
  });

  it('find in random scenarios what one search finds, with and without reductions', () => {
    let shared = 0;
    fc.assert(
      fc.property(randomScenario, fc.constantFrom('statement', 'micro'), fc.boolean(), (text, granularity, reduced) => {
        const model = modelOf(text);
        const options: ExploreOptions = {
          granularity,
          maxStates: 20_000,
          ...(reduced ? {} : { reduction: { ...NO_REDUCTION, versions: true } }),
        };
        const alone = explore(model, options);
        if (!alone.complete) return;
        const { exploration, levels } = together(model, 2, options);
        shared += levels;
        const verdicts = (e: Exploration): object => [
          e.conditions.map((c) => c.holds),
          e.outcomes.map((o) => o.values),
          e.findings.map((f) => f.finding).sort(),
        ];
        expect(verdicts(exploration)).toEqual(verdicts(alone));
        if (!reduced) expect(essence(exploration)).toEqual(essence(alone));
      }),
      { numRuns: 60 },
    );
    expect(shared).toBeGreaterThan(50);
  }, 120_000);
});
