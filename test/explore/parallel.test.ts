/**
 * Several workers find what one search finds. They are called here in turns instead of running at once, each on its own
 * view of the shared memory; the benchmark and the command line run them as threads.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLevelWorker, type ToLevelWorker } from '../../sim-core/src/explore/parallel/level-worker.ts';
import { ParallelSearch } from '../../sim-core/src/explore/parallel/parallel.ts';
import {
  type Exploration,
  type ExploreOptions,
  elaborate,
  explore,
  type Model,
  movesOf,
  NO_REDUCTION,
  parse,
  profileNamed,
  shortestSchedule,
  type Target,
} from '../../sim-core/src/index.ts';
import { essence } from './essence.ts';
import { everyoneWritesEverything } from './everyone-writes.ts';
import { randomScenario } from './random-scenario.ts';

function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error(diagnostics[0]?.message);
  return model;
}

interface Together {
  readonly exploration: Exploration;
  readonly expandedByWorkers: number;
  /** Messages to workers. */
  readonly messages: number;
}

function together(model: Model, memory: 'shared' | 'messages', threads: number, options: ExploreOptions): Together {
  const waiting: { worker: number; message: ToLevelWorker }[] = [];
  const workers = Array.from({ length: threads }, () => createLevelWorker());
  const search = new ParallelSearch(
    model,
    { ...options, memory, sharedLevel: 8 },
    workers.map((_, worker) => ({
      post: (message, transfer) => void waiting.push({ worker, message: structuredClone(message, { transfer }) }),
    })),
    () => {},
  );
  let messages = 0;
  while (search.step(1000)) {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      messages++;
      const { worker, message } = next;
      const answer = workers[worker]?.(message);
      if (answer) search.receive(worker, structuredClone(answer.message, { transfer: answer.transfer }));
    }
  }
  return { exploration: search.result(), expandedByWorkers: search.expandedByWorkers, messages };
}

const MEMORIES = ['shared', 'messages'] as const;
const THREADS = [0, 1, 2];

describe('workers', () => {
  const scenario = readFileSync(join(import.meta.dirname, '../bench/explore/L2e.snoop'), 'utf8');

  it.each(MEMORIES.flatMap((memory) => THREADS.map((threads) => ({ memory, threads }))))(
    '$threads beside the search find what it finds alone in the scenario of the benchmark ($memory)',
    ({ memory, threads }) => {
      const model = modelOf(scenario);
      const { exploration, expandedByWorkers } = together(model, memory, threads, {});
      expect(essence(exploration)).toEqual(essence(explore(model)));
      if (threads > 0) expect(expandedByWorkers).toBeGreaterThan(10_000);
    },
  );

  it.each(MEMORIES)('pause until the search has learned what nobody knew (%s)', (memory) => {
    // Each level brings new places of programs, so most states of it lead to what no table has.
    const model = modelOf(everyoneWritesEverything(3, 3));
    const { exploration, expandedByWorkers, messages } = together(model, memory, 2, { reduction: NO_REDUCTION });
    expect(essence(exploration)).toEqual(essence(explore(model, { reduction: NO_REDUCTION })));
    expect(expandedByWorkers).toBeGreaterThan(exploration.states / 4);
    expect(messages).toBeGreaterThan(4 * exploration.maxDepth);
  });

  it('that could not be started are done without', () => {
    const model = modelOf(scenario);
    for (const memory of MEMORIES) {
      const search: ParallelSearch = new ParallelSearch(
        model,
        { memory, sharedLevel: 8 },
        [0, 1].map((worker) => ({ post: ({ kind }) => void (kind === 'tables' && search.withdraw(worker)) })),
        () => {},
      );
      while (search.step(1000)) expect(search.waiting).toBe(false);
      expect(essence(search.result())).toEqual(essence(explore(model)));
    }
  });

  it('keep to the limits in the middle of a level', () => {
    const model = modelOf(everyoneWritesEverything(4, 2));
    const states = together(model, 'shared', 2, { maxStates: 15_000 }).exploration;
    expect(states.limit).toEqual({ kind: 'states', at: 15_000 });
    // Each holds a block of numbers.
    expect(states.states).toBeLessThan(15_000 + 3 * 64);
    const bytes = together(model, 'shared', 2, { maxBytes: 1_600_000 }).exploration;
    expect(bytes.limit).toEqual({ kind: 'bytes', at: 1_600_000 });
    // What was learned counts, too, and is not known before.
    expect(bytes.bytes).toBeLessThan(1.25 * 1_600_000);
  });

  it('with messages change nothing at all', () => {
    const model = modelOf(scenario);
    for (const findings of [{}, { 'stale-read': 'stop' }] as const) {
      for (const [maxStates, fingerprint] of [[1_000_000], [20_011], [1_000_000, true]] as const) {
        const options: ExploreOptions = {
          findings,
          maxStates,
          reduction: { partialOrder: false },
          ...(fingerprint && { fingerprint }),
        };
        const { bytes: _, ...alone } = explore(model, options);
        const { bytes: __, ...exploration } = together(model, 'messages', 2, options).exploration;
        expect(exploration).toEqual(alone);
      }
    }
  });

  it.each(MEMORIES)('find in random scenarios what one search finds, with and without reductions (%s)', (memory) => {
    let expanded = 0;
    fc.assert(
      fc.property(
        randomScenario,
        fc.constantFrom('statement', 'micro'),
        fc.constantFrom(...THREADS),
        fc.boolean(),
        (text, granularity, threads, reduced) => {
          const model = modelOf(text);
          const options: ExploreOptions = {
            granularity,
            maxStates: 20_000,
            ...(reduced ? {} : { reduction: { ...NO_REDUCTION, versions: true } }),
          };
          const alone = explore(model, options);
          if (!alone.complete) return;
          const { exploration, expandedByWorkers } = together(model, memory, threads, options);
          expanded += expandedByWorkers;
          expect(verdicts(exploration)).toEqual(verdicts(alone));
          // Looking ahead may start over at another place, because another state was met first.
          if (!reduced || memory === 'messages') expect(essence(exploration)).toEqual(essence(alone));
          else expect(shortestLengths(model, exploration)).toEqual(shortestLengths(model, alone));
        },
      ),
      { numRuns: 40 },
    );
    expect(expanded).toBeGreaterThan(1000);
  });

  it.each(['shared', 'messages'] as const)('that are lost end the search with what it knows (%s)', (memory) => {
    const model = modelOf(scenario);
    let idle = 0;
    const search = new ParallelSearch(model, { sharedLevel: 8, memory }, [{ post: () => {} }], () => idle++);
    while (!search.waiting) search.step(1000);
    expect(search.owing).toEqual([0]);
    search.lose(0, 'out of memory');
    expect(idle).toBe(1);
    expect(search.waiting).toBe(false);
    expect(search.owing).toEqual([]);
    expect(search.step(1000)).toBe(false);
    const { complete, limit, states } = search.result();
    expect([complete, limit]).toEqual([false, { kind: 'thread', message: 'out of memory' }]);
    expect(states).toBeGreaterThan(8);
  });
});

/** Of the shortest way to each finding, and to what decides each condition. */
function shortestLengths(model: Model, exploration: Exploration): object {
  const lengthOf = (target: Target): number | undefined => {
    const way = shortestSchedule(model, exploration, target);
    return way && movesOf(way.schedule).length;
  };
  const findings = exploration.findings.map(({ finding }) => [finding, lengthOf({ kind: 'finding', finding })]);
  return [findings.sort(), exploration.conditions.map((_, index) => lengthOf({ kind: 'condition', index }))];
}

function verdicts({ conditions, outcomes, findings }: Exploration): object {
  return [conditions.map((c) => c.holds), outcomes.map((o) => o.values), findings.map((f) => f.finding).sort()];
}
