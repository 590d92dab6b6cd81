// Every local of a kernel function that a scenario of the gallery ever sets has a name, on every kernel.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EVENT_WIDTH, elaborate, type Model, type ParsedScenario, PROFILES, parse, Run } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { ROUTINE_STEPS } from '../../sim-core/src/engine/routine.ts';
import { root } from './client.ts';

const folder = path.join(root, 'scenarios');
const gallery = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.snoop'));

test('no kernel function shows a local without a name', () => {
  let looked = 0;
  const nameless = new Set<string>();
  for (const name of gallery) {
    const file = path.join(folder, name);
    const parsed = parse(readFileSync(file, 'utf8'));
    const includes = (include: string): ParsedScenario =>
      parse(readFileSync(path.resolve(path.dirname(file), include), 'utf8'));
    for (const profile of PROFILES) {
      const { model } = elaborate(parsed, { profile, includes });
      if (!model) continue;
      const run = new Run(model, { maxSteps: 2000 });
      run.runToEnd();
      looked += localsWritten(model, run, (routine, local) => nameless.add(`${routine} local ${local}`));
    }
  }
  expect([...nameless]).toEqual([]);
  expect(looked).toBeGreaterThan(1000);
});

/** How many times a kernel function's local was written; those without a name, or before their name counts, are listed. */
function localsWritten(model: Model, run: Run, tell: (routine: string, local: number) => void): number {
  const { frames } = model.tasks;
  const [, , slots = 1] = frames.dims;
  const { routines } = model.world.routines;
  const cursor = run.cursor();
  let count = 0;
  for (let step = 0; step < run.steps; step++) {
    cursor.seek(step + 1);
    const { firstEvent, endEvent } = run.step(step);
    for (let at = firstEvent * EVENT_WIDTH; at < endEvent * EVENT_WIDTH; at += EVENT_WIDTH) {
      const slot = run.log[at]! - frames.base;
      const local = (slot % slots) - 1;
      if (slot < 0 || slot >= frames.size || local < 0) continue;
      // The frame after the step: one that has returned meanwhile is not shown.
      const code = cursor.state[frames.base + slot - local - 1]! - 1;
      if (code < 0 || cursor.state[frames.base + slot] === 0) continue;
      const routine = routines[Math.trunc(code / ROUTINE_STEPS)];
      if (routine?.kind !== 'kernel') continue;
      count++;
      const named = routine.locals[local];
      if (!named || named.from > code % ROUTINE_STEPS) tell(routine.name, local);
    }
  }
  return count;
}
