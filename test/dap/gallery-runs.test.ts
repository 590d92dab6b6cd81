// A plain run of a scenario of the gallery shows what its title promises: F5 there should not end with nothing found.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { conditionsInRun, elaborate, kernelOf, ModelLimit, parse, Run } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { root } from './client.ts';

test('each plain run meets one of its `exists`', () => {
  const folder = path.join(root, 'scenarios');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.snoop'));
  const missed: string[] = [];
  const unfollowed: string[] = [];
  for (const name of names.map((one) => one.replaceAll('\\', '/'))) {
    const parsed = parse(readFileSync(path.join(folder, name), 'utf8'));
    const profile = kernelOf(parsed);
    const { model } = profile ? elaborate(parsed, { profile, includes: () => undefined }) : { model: undefined };
    if (!model) throw new Error(`${name} cannot be run`);
    const run = new Run(model);
    try {
      run.runToEnd();
    } catch (error) {
      if (!(error instanceof ModelLimit)) throw error;
    }
    const wanted = conditionsInRun(model, run.executor.machine.state).filter(
      ({ condition }) => condition.quantifier === 'exists',
    );
    if (wanted.length > 0 && !wanted.some(({ holds }) => holds)) missed.push(name);
    if (run.scheduleProblem) unfollowed.push(name);
  }
  expect(unfollowed).toEqual([]);
  expect(missed).toEqual([]);
});
