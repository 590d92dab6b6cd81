// A known violation does not hide a second one of its kind: at another word, by another device, or at another line.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  ALL_REDUCTIONS,
  type ExplorationReport,
  elaborate,
  explorationReport,
  explore,
  findingTitle,
  type Model,
  mergeExplorations,
  NO_REDUCTION,
  parse,
  profileNamed,
  sample,
  siteKey,
  verdictOf,
} from '../../sim-core/src/index.ts';
import { severalStaleReads } from './several-stale-reads.ts';

const { text, stale: STALE } = severalStaleReads(
  readFileSync(join(import.meta.dirname, '../../scenarios/wbinvd/local-cpu-not-flushed.snoop'), 'utf8'),
);

function modelOf(source: string, kernel = 'v5.11'): Model {
  const { model, diagnostics } = elaborate(parse(source), { profile: profileNamed(kernel)! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${source}`);
  return model;
}

function staleIn({ findings }: ExplorationReport): object[] {
  return findings
    .filter(({ finding }) => finding === 'stale-read')
    .map(({ operands, line }) => ({ ...operands, line }));
}

test('each is listed, with its word, its device, its line and a shortest schedule of its own', () => {
  const model = modelOf(text);
  const profile = profileNamed('v5.11')!;
  for (const reduction of [ALL_REDUCTIONS, NO_REDUCTION]) {
    const report = explorationReport(verdictOf(model, profile, explore(model, { reduction, lookAheadFrom: 0 })));
    expect(staleIn(report)).toEqual(STALE);
    const schedules = report.findings.filter(({ finding }) => finding === 'stale-read').map((f) => f.schedule);
    expect(new Set(schedules).size).toBe(STALE.length);
    expect(report.findings.every(({ shortest }) => shortest)).toBe(true);
    const last = report.findings.find(({ operands }) => operands.word === 'y');
    expect(last && findingTitle(last)).toBe(`stale-read: gpu read an old value of y (line ${STALE[3]!.line + 1})`);
    // On the way to y the device read x twice: a debugger has to go past those.
    expect(last?.nth).toBe(3);
  }
});

test('random runs list them too, and shares of runs together have what one machine has', () => {
  const model = modelOf(text);
  const profile = profileNamed('v5.11')!;
  const whole = sample(model, { runs: 60, seed: 5 });
  expect(staleIn(explorationReport(verdictOf(model, profile, whole)))).toEqual(STALE);
  const shares = [0, 1, 2].map((shard) => sample(model, { runs: 60, seed: 5, shard, shards: 3 }));
  expect(mergeExplorations(shares).findings).toEqual(whole.findings);
});

test('the physical CPU does not tell findings apart, so that renaming CPUs keeps them', () => {
  const bench = readFileSync(join(import.meta.dirname, '../bench/explore/T1m.snoop'), 'utf8');
  const found = explore(modelOf(bench, 'v6.12'), { granularity: 'statement', maxSwitches: 2 });
  const lost = found.findings.filter(({ finding }) => finding === 'lost-write');
  expect(lost.length).toBeGreaterThan(1);
  expect(new Set(lost.map(({ detail }) => detail))).toEqual(new Set([-1]));
  expect(new Set(lost.map(siteKey)).size).toBe(lost.length);
});
