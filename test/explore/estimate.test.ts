/** Estimates beside what a full search counts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estimate } from '../../sim-core/src/explore/random/estimate.ts';
import { elaborate, type Model, parse, profileNamed } from '../../sim-core/src/index.ts';
import { plainSearch } from './plain-search.ts';

const GALLERY = join(import.meta.dirname, '../../scenarios');
const MAX_STATES = 4_000;

function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v5.11')! });
  if (!model) throw new Error(diagnostics[0]?.message);
  return model;
}

/** Two devices that share nothing: `a` and `b` reads each, in any order. */
function independent(a: number, b: number): Model {
  const device = (name: string, reads: number): string[] => [
    `device ${name} {`,
    ...new Array<string>(reads).fill('r0 = MRd x'),
    '}',
  ];
  return modelOf(
    [
      'scenario "independent"',
      'machine {',
      'cpu intel count=1',
      'iommu dmar0 vt-d',
      'device gpu 0000:01:00.0 iommu=dmar0 group=1',
      'device nic 0000:02:00.0 iommu=dmar0 group=2',
      'memory x = 0',
      '}',
      ...device('gpu', a),
      ...device('nic', b),
      'exists gpu.r0 == 0',
      '',
    ].join('\n'),
  );
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}

describe('the number of executions', () => {
  it.each([
    [1, 1],
    [4, 4],
    [6, 3],
  ])('of %i and %i independent moves is that of the orders in which they can come', (a, b) => {
    const { executions, cut } = estimate(independent(a, b), { granularity: 'statement' });
    expect(cut).toBe(0);
    const wanted = binomial(a + b, a);
    const [mean, deviation] = [10 ** executions.log10, 10 ** executions.deviationLog10];
    expect(Math.abs(mean - wanted)).toBeLessThanOrEqual(Math.max(1e-6, 4 * deviation));
    expect(mean / wanted).toBeGreaterThan(0.8);
    expect(mean / wanted).toBeLessThan(1.25);
  });

  it('has a finite logarithm where the number itself is too large for a machine', () => {
    const { executions } = estimate(independent(1000, 1000), { granularity: 'statement', maxSteps: 3000, probes: 3 });
    expect(executions.log10).toBeGreaterThan(308);
    expect(executions.log10).toBeLessThan(603);
  });
});

/** Most states are in executions that a fair draw seldom comes to: the exit of a VMM, 22 micro-steps before the other's open. */
const SELDOM_REACHED = new Map([['kvm-vfio/exit-releases-the-group-last.snoop', 0.33]]);

describe('the number of states', () => {
  const files = (readdirSync(GALLERY, { recursive: true }) as string[]).filter((name) => name.endsWith('.snoop'));
  it('is there for every file of the gallery', () => expect(files.length).toBeGreaterThan(4));
  it.each(files)('%s', (file) => {
    const model = modelOf(readFileSync(join(GALLERY, file), 'utf8'));
    for (const granularity of ['statement', 'micro'] as const) {
      const plain = plainSearch(model, granularity, MAX_STATES);
      if (!plain) continue;
      const { states, probes } = estimate(model, { granularity });
      expect(probes).toBeGreaterThan(0);
      expect(states.seen).toBeLessThanOrEqual(plain.states);
      expect(states.atLeast / plain.states).toBeGreaterThan(SELDOM_REACHED.get(file) ?? 0.5);
      expect(states.atLeast / plain.states).toBeLessThan(2);
    }
  });

  it('of a square of independent moves', () => {
    const { states } = estimate(independent(7, 7), { granularity: 'statement', probes: 100 });
    expect(states.atLeast).toBeGreaterThan(0.6 * 64);
    expect(states.atLeast).toBeLessThan(1.4 * 64);
  });
});

describe('estimating', () => {
  it('is the same for the same seed, and cheap', () => {
    const model = independent(20, 20);
    expect(estimate(model, { seed: 5 })).toEqual(estimate(model, { seed: 5 }));
    expect(estimate(model, { seed: 5 })).not.toEqual(estimate(model, { seed: 6 }));
    const { moves, probes } = estimate(model, { maxMoves: 100, probes: 1000 });
    expect(moves).toBeLessThan(140);
    expect(probes).toBeLessThan(4);
  });

  it('says how many probes it cut off', () => {
    const { cut, probes } = estimate(independent(5, 5), { maxSteps: 4, probes: 10, granularity: 'statement' });
    expect([cut, probes]).toEqual([10, 10]);
  });
});
