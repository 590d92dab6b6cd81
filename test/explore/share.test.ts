/** How much of a search is done, as its levels say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { elaborate, type Progress, parse, profileNamed, Search, ShareOfLevels } from '../../sim-core/src/index.ts';

/** What is said at the beginning of each level, and what is true. */
function alongLevels(levels: readonly number[]): { said: ShareOfLevels['share']; done: number }[] {
  const share = new ShareOfLevels();
  const total = levels.reduce((sum, size) => sum + size, 0);
  let done = 0;
  return levels.map((size, depth) => {
    share.meet({ depth, states: done + size, frontier: size, transitions: 0, bytes: 0 });
    const told = { said: share.share, done: done / total };
    done += size;
    return told;
  });
}

/** Sizes of the levels of `words` independent counters to 3: what many actors with few steps each come to. */
function counters(words: number): number[] {
  let levels = [1];
  for (let i = 0; i < words; i++) {
    const next = new Array<number>(levels.length + 3).fill(0);
    levels.forEach((size, at) => {
      for (let step = 0; step <= 3; step++) next[at + step] = next[at + step]! + size;
    });
    levels = next;
  }
  return levels;
}

it('the trend of levels that rise and fall evenly tells how much is done', () => {
  const told = alongLevels(counters(10));
  const estimates = told.filter(({ said }) => said.about);
  expect(estimates.length).toBeGreaterThan(told.length / 2);
  for (const { said, done } of estimates) {
    expect(said.about?.low).toBeLessThanOrEqual(done);
    expect(said.about?.high).toBeGreaterThanOrEqual(done - 1e-9);
  }
});

it('levels that only grow tell nothing but the bound', () => {
  const told = alongLevels(Array.from({ length: 20 }, (_, i) => 2 ** i));
  expect(told.every(({ said }) => said.about === undefined)).toBe(true);
  expect(told.at(-1)?.said.atMost).toBeCloseTo(0.5);
});

it('a search that starts over has no trend yet', () => {
  const share = new ShareOfLevels();
  const levels = counters(10);
  let states = 0;
  levels.forEach((size, depth) => {
    states += size;
    share.meet({ depth, states, frontier: size, transitions: 0, bytes: 0 });
  });
  expect(share.share.about).toBeDefined();
  share.meet({ depth: 0, states: 1, frontier: 1, transitions: 0, bytes: 0 });
  expect(share.share).toEqual({ atMost: 0 });
});

it('the bound is never below what turns out to be true', () => {
  const text = readFileSync(join(import.meta.dirname, '../bench/explore/L2e.snoop'), 'utf8');
  const { model } = elaborate(parse(text), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error('the scenario of the benchmark does not run');
  const search = new Search(model);
  const share = new ShareOfLevels();
  let told: { atMost: number; progress: Progress }[] = [];
  while (search.step(1000)) {
    const progress = search.progress();
    // Searches that started over had other states.
    if (progress.states < (told.at(-1)?.progress.states ?? 0)) told = [];
    share.meet(progress);
    told.push({ atMost: share.share.atMost, progress });
  }
  const { states } = search.result();
  expect(told.length).toBeGreaterThan(50);
  for (const { atMost, progress } of told)
    expect(atMost).toBeGreaterThanOrEqual((progress.states - progress.frontier) / states);
});
