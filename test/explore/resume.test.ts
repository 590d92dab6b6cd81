/** A search that was interrupted, saved and taken up again, however often, finds what one without interruption finds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explore, Search, type SharedOptions } from '../../sim-core/src/explore/search.ts';
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
  type Profile,
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
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v5.11') as Profile });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

type Options = ExploreOptions & SharedOptions;

/** Searches to the end; after each of the numbers of moves the search is saved and goes on in another place. */
function interrupted(text: string, options: Options, after: readonly number[]): Exploration {
  let search = new Search(modelOf(text), options);
  for (const moves of after) {
    if (!search.step(moves)) break;
    const bytes = encodeCheckpoint(identity, search.snapshot());
    search = new Search(modelOf(text), options);
    search.restore(decodeCheckpoint(bytes, identity));
  }
  while (search.step(1000));
  return search.result();
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
  }, 120_000);

  it('finds in the scenario of the benchmark what it finds without interruption', () => {
    for (const reduction of [ALL_REDUCTIONS, { ...ALL_REDUCTIONS, partialOrder: false }]) {
      const whole = explore(modelOf(BENCH), { reduction });
      expect(essence(interrupted(BENCH, { reduction }, [500, 3000, 9000, 20_000]))).toEqual(essence(whole));
    }
  });

  it('goes on behind any limit', () => {
    const whole = explore(modelOf(BENCH));
    let bytes: Uint8Array | undefined;
    let limits = 0;
    for (let maxStates = 1000; ; maxStates += 3000) {
      const search = new Search(modelOf(BENCH), { maxStates });
      if (bytes) search.restore(decodeCheckpoint(bytes, identity));
      while (search.step(777));
      const snapshot = search.snapshot();
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

  it('is not taken for random runs', () => {
    const search = new Search(modelOf(BENCH));
    expect(() => search.restore({ kind: 'random', data: {}, arrays: {} })).toThrow('random runs');
  });
});
