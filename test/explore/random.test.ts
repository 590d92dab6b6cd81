/** Random runs: the same seed gives the same bytes, shards are the whole, every schedule replays to what it shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../sim-core/src/explore/prng.ts';
import { RandomSearch, randomRuns } from '../../sim-core/src/explore/random/random.ts';
import type { RandomOptions, RandomResult } from '../../sim-core/src/explore/random/result.ts';
import { mergeRandom } from '../../sim-core/src/explore/random/shards.ts';
import { siteKey } from '../../sim-core/src/explore/sites.ts';
import { elaborate, FINDINGS, type Model, NOTE, parse, profileNamed, Run } from '../../sim-core/src/index.ts';
import { plainSearch } from './plain-search.ts';
import { randomScenario } from './random-scenario.ts';

const GALLERY = join(import.meta.dirname, '../../scenarios');
const MAX_STATES = 700;

function modelOf(text: string, profile = 'v5.11'): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(profile)! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

function gallery(file: string): Model {
  return modelOf(readFileSync(join(GALLERY, file), 'utf8'));
}

const options: fc.Arbitrary<RandomOptions> = fc.record(
  {
    runs: fc.integer({ min: 0, max: 25 }),
    seed: fc.integer({ min: 0, max: 0xffffffff }),
    maxSteps: fc.constantFrom(3, 60, 400),
    granularity: fc.constantFrom('statement', 'micro'),
    pct: fc.record({ depth: fc.integer({ min: 1, max: 5 }) }),
  },
  { requiredKeys: ['runs', 'seed', 'maxSteps', 'granularity'] },
);

function bytes(result: RandomResult): string {
  return JSON.stringify(result);
}

/** Replays every schedule to the finding or the outcome that it is shown for. */
function replay(model: Model, result: RandomResult): number {
  const { granularity, terms } = result;
  const all = new Map(model.conditions.flatMap((c) => c.terms.map((t) => [t.name, t] as const)));
  const runOf = (schedule: RandomResult['findings'][number]['first']['schedule'], toEnd: boolean): Run => {
    const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
    // What a loop does after the schedule does not matter to the finding.
    while (run.followsSchedule || !run.executor.ended(model.setup)) if (!run.advance()) break;
    if (toEnd) run.runToEnd();
    expect(run.scheduleProblem).toBeUndefined();
    return run;
  };
  for (const { finding, first } of result.findings) {
    const run = runOf(first.schedule, finding === 'deadlock');
    const code = FINDINGS.indexOf(finding);
    const events = Array.from({ length: run.events }, (_, event) => event * 4);
    expect(
      events.some((at) => run.log[at] === NOTE.finding && run.log[at + 1] === code),
      finding,
    ).toBe(true);
  }
  for (const { values, first } of result.outcomes) {
    const run = runOf(first.schedule, true);
    const { state } = run.executor.machine;
    expect(terms.map((name) => all.get(name)!.text(all.get(name)!.read(state)))).toEqual(values);
  }
  return result.findings.length + result.outcomes.length;
}

describe('the random numbers', () => {
  it('are those of the published generators', () => {
    const random = new Prng(1);
    const numbers = Array.from({ length: 4 }, () => random.next());
    expect(numbers).toEqual(reference(1, 4));
  });

  it('below a bound are about equally often each', () => {
    const random = new Prng(7);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[random.below(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});

describe('random small scenarios', () => {
  it('give the same bytes for the same seed, whole, in slices and in shards', () => {
    let shown = 0;
    fc.assert(
      fc.property(
        randomScenario,
        options,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 9 }),
        (text, asked, count, slice) => {
          const model = modelOf(text);
          const whole = randomRuns(model, asked);
          expect(whole.done).toBe(asked.runs);
          const ends =
            whole.outcomes.reduce((sum, o) => sum + o.runs, 0) + whole.modelLimits.reduce((sum, l) => sum + l.runs, 0);
          expect(ends + whole.unfinished).toBe(whole.done);
          const sliced = new RandomSearch(modelOf(text), asked);
          while (sliced.step(slice)) expect(sliced.progress().done).toBeLessThanOrEqual(asked.runs);
          expect(bytes(sliced.result())).toBe(bytes(whole));
          const shards = Array.from({ length: count }, (_, i) =>
            randomRuns(model, { ...asked, shard: { index: i + 1, count } }),
          );
          expect(JSON.parse(bytes(mergeRandom(shards.reverse())))).toEqual(JSON.parse(bytes(whole)));
          shown += replay(model, whole);
        },
      ),
      { numRuns: 40 },
    );
    expect(shown).toBeGreaterThan(40);
  });

  it('end in nothing that a full search does not know, and mostly in all of it', () => {
    let [known, seen] = [0, 0];
    fc.assert(
      fc.property(randomScenario, options, (text, asked) => {
        const model = modelOf(text);
        const plain = plainSearch(model, asked.granularity ?? 'statement', MAX_STATES);
        if (!plain) return;
        const result = randomRuns(model, { ...asked, runs: 150, maxSteps: 400 });
        const outcomes = result.outcomes.map((o) => o.values.join(' '));
        for (const outcome of outcomes) expect(plain.outcomes).toContain(outcome);
        for (const found of result.findings) expect([...plain.findings.keys()]).toContain(siteKey(found));
        result.conditions.forEach((condition, i) => {
          if (condition.holds !== undefined) expect(condition.holds).toBe(plain.holds[i]);
        });
        known += plain.outcomes.length + plain.findings.size;
        seen += outcomes.length + result.findings.length;
      }),
      { numRuns: 40 },
    );
    expect(known).toBeGreaterThan(40);
    expect(seen / known).toBeGreaterThan(0.8);
  });
});

describe('a run that found something', () => {
  it.each(['wbinvd/local-cpu-not-flushed.snoop', 'wbinvd/migrated-after-flush-lost-cpu.snoop'])(
    '%s: within few runs, uniformly and by PCT, and again by its seed',
    (file) => {
      const model = gallery(file);
      for (const granularity of ['statement', 'micro'] as const) {
        for (const pct of [undefined, { depth: 2 }]) {
          const asked = { granularity, ...(pct ? { pct } : {}) };
          const { findings } = randomRuns(model, { ...asked, runs: 20, seed: 1 });
          const stale = findings.find((f) => f.finding === 'stale-read');
          expect(stale).toBeDefined();
          const again = randomRuns(model, { ...asked, runs: 1, seed: stale!.first.seed });
          expect(again.findings.find((f) => f.finding === 'stale-read')?.first.schedule).toEqual(stale?.first.schedule);
        }
      }
    },
  );

  it('ends the runs when it is asked to', () => {
    const model = gallery('wbinvd/local-cpu-not-flushed.snoop');
    const result = randomRuns(model, { runs: 1000, seed: 3, findings: { 'stale-read': 'stop' } });
    expect(result.limit).toEqual({ kind: 'finding', finding: 'stale-read' });
    expect(result.done).toBeLessThan(1000);
    expect(result.complete).toBe(false);
  });
});

describe('what runs do not show', () => {
  const text = readFileSync(join(GALLERY, 'wbinvd/local-cpu-not-flushed.snoop'), 'utf8');

  it('stays open: not seen is not proved', () => {
    const { conditions, done } = randomRuns(modelOf(text, 'v6.12'), { runs: 50, seed: 1 });
    const absent = conditions.filter((c) => c.applies && c.quantifier === '~exists');
    expect(absent.length).toBeGreaterThan(0);
    for (const { holds, positive, negative } of absent)
      expect([holds, positive, negative]).toEqual([undefined, 0, done]);
  });

  it('stops between two moves when the caller says so', () => {
    let asked = 0;
    const result = randomRuns(modelOf(text), { runs: 1_000_000, seed: 1, shouldStop: () => ++asked === 3 });
    expect(result.limit).toEqual({ kind: 'stopped' });
    expect(result.moves).toBeLessThan(3 * 256 + 1);
  });

  it.each([
    [{ runs: -1, seed: 0 }, 'the number of runs'],
    [{ runs: 1, seed: 2 ** 32 }, 'the seed'],
    [{ runs: 1, seed: 0.5 }, 'the seed'],
    [{ runs: 1, seed: 0, maxSteps: 0 }, 'moves of a run'],
    [{ runs: 1, seed: 0, pct: { depth: 0 } }, 'the depth of PCT'],
    [{ runs: 1, seed: 0, shard: { index: 3, count: 2 } }, 'the shard'],
  ])('%j is refused', (wrong, words) => {
    expect(() => randomRuns(modelOf(text), wrong)).toThrow(words);
  });
});

/** SplitMix32 and xoshiro128** once more, in 64-bit integers. */
function reference(seed: number, count: number): number[] {
  const cut = (x: bigint): bigint => BigInt.asUintN(32, x);
  let mix = BigInt(seed);
  const fill = (): bigint => {
    mix = cut(mix + 0x9e3779b9n);
    let z = mix;
    z = cut((z ^ (z >> 16n)) * 0x21f0aaadn);
    z = cut((z ^ (z >> 15n)) * 0x735a2d97n);
    return z ^ (z >> 15n);
  };
  const s = [fill(), fill(), fill(), fill()] as [bigint, bigint, bigint, bigint];
  const rotated = (x: bigint, by: bigint): bigint => cut(x << by) | (x >> (32n - by));
  return Array.from({ length: count }, () => {
    const result = cut(rotated(cut(s[1] * 5n), 7n) * 9n);
    const t = cut(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 11n);
    return Number(result);
  });
}
