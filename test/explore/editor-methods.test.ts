/** What the page of an exploration can ask for beside all interleavings: few switches, runs at random, an estimate. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ThreadPool } from '@snoopscope/sim-core';
import type { ExploreMethod } from '@snoopscope/views/draw';
import { expect, test } from 'vitest';
import { estimatedLines, exploredLines } from '../../client/vscode/src/explore-summary.ts';
import { type ExploreReply, exploreScenario } from '../../client/vscode/src/explore-worker.ts';
import { everyoneWritesEverything } from './everyone-writes.ts';

const TEXT = readFileSync(
  path.join(import.meta.dirname, '../../scenarios/wbinvd/migrated-after-flush-lost-cpu.snoop'),
  'utf8',
);

async function asked(
  method: ExploreMethod,
  { text = TEXT, stop = new AbortController() }: { text?: string; stop?: AbortController } = {},
  onReply: (reply: ExploreReply) => void = () => {},
): Promise<ExploreReply> {
  let last: ExploreReply | undefined;
  await exploreScenario(
    { kind: 'explore', method, text, includes: {}, maxBytes: 2 ** 30, workers: 1, levelWorker: '' },
    {
      send: (reply) => {
        last = reply;
        onReply(reply);
      },
      pause: () => new Promise(setImmediate),
      stop: stop.signal,
      threads: {
        pool: () =>
          new ThreadPool(() => {
            throw new Error('one thread is enough');
          }),
        memory: 'messages',
        processors: 1,
      },
    },
  );
  if (!last) throw new Error('no answer');
  return last;
}

function explored(reply: ExploreReply): Extract<ExploreReply, { kind: 'explored' }> {
  if (reply.kind !== 'explored') throw new Error(`the answer is ${reply.kind}`);
  return reply;
}

test('runs at random find outcomes, with the same seed the same ones, and prove nothing', async () => {
  const method = { kind: 'random', runs: 200, seed: 7 } as const;
  const first = explored(await asked(method));
  const second = explored(await asked(method));
  expect(first.report.sampling).toMatchObject({ runs: 200, seed: 7 });
  expect(first.report.outcomes.length).toBeGreaterThan(0);
  expect(first.report.complete).toBe(false);
  expect(second.report).toEqual(first.report);
  const lines = exploredLines('a.snoop', first);
  expect(lines[1]).toMatch(/^200 runs of statements, drawn uniformly from seed 7; \d+ ended/);
});

test('PCT takes its depth', async () => {
  const { report } = explored(await asked({ kind: 'random', runs: 50, seed: 1, pctDepth: 2 }));
  expect(report.sampling).toMatchObject({ runs: 50, pctDepth: 2 });
});

test('a bound of switches is kept, and said', async () => {
  const reply = explored(await asked({ kind: 'switches', most: 0 }));
  expect(reply.report.switches).toMatchObject({ asked: 0 });
  expect(exploredLines('a.snoop', reply).join('\n')).toMatch(/at most 0 switches/);
});

test('an estimate counts, and explores nothing', async () => {
  const reply = await asked({ kind: 'estimate' }, { text: everyoneWritesEverything(3, 3) });
  if (reply.kind !== 'estimated') throw new Error(`the answer is ${reply.kind}`);
  expect(reply.estimate.states.atLeast).toBeGreaterThan(100);
  const lines = estimatedLines('a.snoop', reply);
  expect(lines[1]).toMatch(/^At least \d+ states \(± \d+\) without reduction: /);
  expect(lines.at(-1)).toMatch(/nothing was explored\.$/);
});

test('runs at random are cancelled, and show what they have', async () => {
  const stop = new AbortController();
  const shares: number[] = [];
  const reply = await asked(
    { kind: 'random', runs: 10_000_000, seed: 1 },
    { stop, text: everyoneWritesEverything(4, 4) },
    (told) => {
      if (told.kind !== 'progress') return;
      shares.push(told.progress.frontier);
      stop.abort();
    },
  );
  const { report } = explored(reply);
  expect(shares.length).toBeGreaterThan(0);
  expect(report.limit).toEqual({ kind: 'stopped' });
  expect(report.sampling?.runs).toBeGreaterThan(0);
});
