/** A search that was interrupted, saved and taken up again, however often, finds what one without interruption finds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explore } from '../../sim-core/src/explore/explore.ts';
import { createLevelWorker, type ToLevelWorker } from '../../sim-core/src/explore/parallel/level-worker.ts';
import { ParallelSearch } from '../../sim-core/src/explore/parallel/parallel.ts';
import { Search, type SharedOptions } from '../../sim-core/src/explore/search.ts';
import {
  ALL_REDUCTIONS,
  type CheckpointIdentity,
  decodeCheckpoint,
  type Exploration,
  type ExploreOptions,
  elaborate,
  encodeCheckpoint,
  type Model,
  NO_REDUCTION,
  parse,
  profileNamed,
} from '../../sim-core/src/index.ts';
import { essence } from './essence.ts';
import { randomScenario } from './random-scenario.ts';

const BENCH = readFileSync(join(import.meta.dirname, '../bench/explore/L2e.snoop'), 'utf8');
const identity: CheckpointIdentity = { scenario: 'a', kernel: 'b', options: 'c', engine: 'd' };
const MAX_STATES = 3_000;

/** As another process would have it. */
function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v5.11')! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

type Options = ExploreOptions & SharedOptions;

/** Searches to the end; after each of the numbers of moves the search is saved and continues in another place. */
function interrupted(text: string, options: Options, after: readonly number[]): Exploration {
  let search = new Search(modelOf(text), options);
  for (const moves of after) {
    if (!search.step(moves)) break;
    const bytes = encodeCheckpoint(identity, search.checkpointData());
    search = new Search(modelOf(text), options);
    search.restore(decodeCheckpoint(bytes, identity));
  }
  while (search.step(1000));
  return search.result();
}

/** How the threads of a search get at its states, and how many there are beside its own; one search when left out. */
interface Threads {
  readonly memory: 'shared' | 'messages';
  readonly threads: number;
}

/** Searches, on these threads in turns, until `stopAfter` answers of workers, or to the end; then says where it is. */
function partly(
  text: string,
  options: Options,
  from: Uint8Array | undefined,
  { memory, threads }: Threads,
  stopAfter: number,
): { bytes: Uint8Array; result: Exploration } {
  const waiting: { worker: number; message: ToLevelWorker }[] = [];
  const workers = Array.from({ length: threads }, () => createLevelWorker());
  const search = new ParallelSearch(
    modelOf(text),
    { ...options, memory, sharedLevel: 256 },
    workers.map((_, worker) => ({
      post: (message, transfer) => void waiting.push({ worker, message: structuredClone(message, { transfer }) }),
    })),
    () => {},
  );
  if (from) search.search.restore(decodeCheckpoint(from, identity));
  let answers = 0;
  while (search.step(500)) {
    const next = waiting.shift();
    const answer = next && workers[next.worker]?.(next.message);
    if (next && answer) {
      search.receive(next.worker, structuredClone(answer.message, { transfer: answer.transfer }));
      if (++answers >= stopAfter) search.stop({ kind: 'stopped' });
    }
  }
  // What workers have already been asked finishes.
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const answer = workers[next.worker]?.(next.message);
    if (answer) search.receive(next.worker, structuredClone(answer.message, { transfer: answer.transfer }));
  }
  return { bytes: encodeCheckpoint(identity, search.search.checkpointData()), result: search.result() };
}

describe('a search that was interrupted', () => {
  it('finds in random scenarios what it finds without interruption', () => {
    let interruptions = 0;
    fc.assert(
      fc.property(
        randomScenario,
        fc.record({
          granularity: fc.constantFrom('statement', 'micro'),
          reduction: fc.constantFrom(ALL_REDUCTIONS, NO_REDUCTION, { ...ALL_REDUCTIONS, partialOrder: false }),
          lookAheadFrom: fc.constantFrom(0, 60, 2000),
          // Slots packed together are so again.
          condenseFrom: fc.constantFrom(6, 30, 1000),
          fingerprint: fc.boolean(),
          remembered: fc.constantFrom(0, 1000),
        }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
        (text, options, after) => {
          const whole = explore(modelOf(text), { ...options, maxStates: MAX_STATES });
          if (!whole.complete) return;
          interruptions += after.length;
          expect(essence(interrupted(text, options, after))).toEqual(essence(whole));
        },
      ),
      { numRuns: 80 },
    );
    expect(interruptions).toBeGreaterThan(50);
  });

  it('finds in the scenario of the benchmark what it finds without interruption', () => {
    for (const reduction of [ALL_REDUCTIONS, { ...ALL_REDUCTIONS, partialOrder: false }]) {
      const whole = explore(modelOf(BENCH), { reduction });
      expect(essence(interrupted(BENCH, { reduction }, [500, 3000, 9000, 20_000]))).toEqual(essence(whole));
    }
  });

  it('continues after any limit', () => {
    const whole = explore(modelOf(BENCH));
    let bytes: Uint8Array | undefined;
    let limits = 0;
    for (let maxStates = 1000; ; maxStates += 3000) {
      const search = new Search(modelOf(BENCH), { maxStates });
      if (bytes) search.restore(decodeCheckpoint(bytes, identity));
      while (search.step(777));
      const snapshot = search.checkpointData();
      const result = search.result();
      if (result.complete) {
        expect(essence(result)).toEqual(essence(whole));
        break;
      }
      expect(result.limit?.kind).toBe('states');
      limits++;
      bytes = encodeCheckpoint(identity, snapshot);
    }
    expect(limits).toBeGreaterThan(2);
  });

  it('continues with other threads than before', () => {
    const threads = fc.record<Threads>({
      memory: fc.constantFrom('shared', 'messages'),
      threads: fc.integer({ min: 0, max: 3 }),
    });
    let interruptions = 0;
    fc.assert(
      fc.property(
        fc.constantFrom({ ...ALL_REDUCTIONS, partialOrder: false }, ALL_REDUCTIONS),
        fc.boolean(),
        fc.array(fc.tuple(threads, fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 4 }),
        threads,
        (reduction, fingerprint, interrupted, last) => {
          const options: Options = { reduction, fingerprint, maxStates: 200_000 };
          const whole = explore(modelOf(BENCH), options);
          expect(whole.complete).toBe(true);
          let bytes: Uint8Array | undefined;
          for (const [at, stopAfter] of interrupted) {
            const part = partly(BENCH, options, bytes, at, stopAfter);
            if (part.result.limit?.kind === 'stopped') interruptions++;
            ({ bytes } = part);
          }
          const { result } = partly(BENCH, options, bytes, last, Number.POSITIVE_INFINITY);
          expect(essence(result)).toEqual(essence(whole));
        },
      ),
      { numRuns: 8 },
    );
    expect(interruptions).toBeGreaterThan(8);
  });

  it('is not taken for random runs', () => {
    const search = new Search(modelOf(BENCH));
    expect(() => search.restore({ kind: 'random', data: {}, arrays: {} })).toThrow('random runs');
  });
});
