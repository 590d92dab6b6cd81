/** Searches that keep fingerprints find what those find that keep the states, over the gallery and random scenarios. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explore } from '../../sim-core/src/explore/explore.ts';
import type { Exploration, SharedOptions } from '../../sim-core/src/explore/search.ts';
import { FingerprintStore } from '../../sim-core/src/explore/states/fingerprint-store.ts';
import { Fingerprints, missProbability } from '../../sim-core/src/explore/states/fingerprints.ts';
import { WHOLE_SLEEP } from '../../sim-core/src/explore/states/store.ts';
import {
  ALL_REDUCTIONS,
  type ExploreOptions,
  elaborate,
  type Model,
  NO_REDUCTION,
  parse,
  profileNamed,
} from '../../sim-core/src/index.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { essence } from './essence.ts';
import { randomScenario } from './random-scenario.ts';

const GALLERY = join(import.meta.dirname, '../../scenarios');
/** Larger spaces are for the benchmark. */
const MAX_STATES = 20_000;
const MAX_RANDOM_STATES = 2_000;

function modelOf(text: string, profile = 'v6.12'): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(profile)! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

/** What must be the same however early a search starts over, and so however much it knew when it planned. */
function answers({ complete, conditions, outcomes, findings }: Exploration): object {
  return {
    complete,
    conditions: conditions.map(({ holds, positive, negative }) => [holds, positive, negative]),
    outcomes: outcomes.map((o) => o.values),
    findings: findings.map((f) => f.finding).sort(),
  };
}

/** Compares, and says how often the search with fingerprints started over; undefined when the space is too large. */
function compare(text: string, profile: string, options: ExploreOptions & SharedOptions): number | undefined {
  const whole = explore(modelOf(text, profile), options);
  if (!whole.complete) return undefined;
  const some = explore(modelOf(text, profile), { ...options, fingerprint: true });
  expect(essence(some)).toEqual(essence(whole));
  // Nothing is remembered once it is expanded: whatever is met for the first time makes the search start over.
  const { maxStates: _, ...free } = options;
  const forgetful = explore(modelOf(text, profile), { ...free, fingerprint: true, remembered: 0 });
  expect(answers(forgetful)).toEqual(answers(whole));
  if (!Object.values(options.reduction ?? ALL_REDUCTIONS).some(Boolean))
    expect(essence(forgetful)).toEqual(essence(whole));
  expect(whole.fingerprints).toBeUndefined();
  expect(some.fingerprints).toEqual({ bits: 64, missProbability: missProbability(some.states), restarts: 0 });
  return forgetful.fingerprints?.restarts;
}

describe('searches with fingerprints', () => {
  const files = (readdirSync(GALLERY, { recursive: true }) as string[]).filter((name) => name.endsWith('.snoop'));
  it.each(files)('find in %s of the gallery what others find', (file) => {
    const text = readFileSync(join(GALLERY, file), 'utf8');
    let compared = 0;
    for (const reduction of [ALL_REDUCTIONS, NO_REDUCTION])
      if (compare(text, 'v6.12', { reduction, maxStates: MAX_STATES, lookAheadFrom: 0 }) !== undefined) compared++;
    expect(compared).toBeGreaterThan(0);
  });

  it('find in random scenarios what others find, also when they start over many times', () => {
    let again = 0;
    fc.assert(
      fc.property(
        randomScenario,
        fc.constantFrom('statement', 'micro'),
        fc.constantFrom(ALL_REDUCTIONS, NO_REDUCTION, { ...ALL_REDUCTIONS, partialOrder: false }),
        fc.constantFrom(0, 100),
        (text, granularity, reduction, lookAheadFrom) => {
          again += compare(text, 'v5.11', { granularity, reduction, lookAheadFrom, maxStates: MAX_RANDOM_STATES }) ?? 0;
        },
      ),
      { numRuns: 40 },
    );
    expect(again).toBeGreaterThan(20);
  });
});

describe('a store of fingerprints', () => {
  it('finds every state again, by its words, whatever was released', () => {
    const store = new FingerprintStore(2, false, 0);
    const count = 40_000;
    const words = new Uint32Array(2);
    const put = (i: number): number => {
      words[0] = i;
      words[1] = Math.imul(i, 0x9e3779b9);
      return store.insert(words, 0, 0, i - 1, i % 7, 0);
    };
    for (let i = 0; i < count; i++) expect(put(i)).toBe(i);
    const whole = store.bytes;
    store.release(count - 10);
    expect(store.bytes).toBeLessThan(whole - 2 * 16_384 * 8 + 1);
    for (let i = 0; i < count; i++) expect(put(i)).toBe(i);
    expect([store.parent(count - 1), store.move(count - 1)]).toEqual([count - 2, (count - 1) % 7]);
    put(77);
    expect([store.matches(77, words), store.matches(78, words)]).toEqual([true, false]);
    expect(() => store.read(77, words)).toThrow('gone');
    expect(() => toEnd(store.rewriting(3, () => WHOLE_SLEEP))).toThrow();
  });

  it('keeps sleep sets of the states that are still to be expanded', () => {
    const store = new FingerprintStore(1, true, 0);
    store.insert(Uint32Array.of(5), 0, 0, -1, 0, 0b111);
    store.insert(Uint32Array.of(5), 0, 0, -1, 0, 0b101);
    expect(store.sleep(0)).toBe(0b101);
    toEnd(
      store.rewriting(2, (from, at, to, toAt) => {
        to[toAt + 1] = from[at]!;
        return WHOLE_SLEEP;
      }),
    );
    expect(store.sleep(0)).toBe(0b101);
    expect(store.insert(Uint32Array.of(0, 5), 0, 0, -1, 0, 0b100)).toBe(0);
    expect(store.sleep(0)).toBe(0b100);
  });
});

describe('fingerprints', () => {
  it('differ where states differ in a bit or two', () => {
    const fingerprints = new Fingerprints(2);
    const seen = new Set<string>();
    for (let a = 0; a < 64; a++) {
      for (let b = 0; b <= a; b++) {
        const words = new Uint32Array(2);
        for (const bit of [a, b]) words[bit >>> 5] = words[bit >>> 5]! | (1 << (bit & 31));
        fingerprints.take(words, 0);
        seen.add(`${fingerprints.low} ${fingerprints.high}`);
      }
    }
    expect(seen.size).toBe((64 * 65) / 2);
  });

  it('miss a state with a probability that grows with the pairs', () => {
    expect(missProbability(1)).toBe(0);
    expect(missProbability(2)).toBe(2 ** -64);
    expect(missProbability(1e6)).toBeCloseTo(2.71e-8, 10);
    expect(missProbability(2 ** 40)).toBe(1);
  });
});
