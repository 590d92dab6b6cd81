// After a limit: what made the search large, and what a further bound of switches would take.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Advice,
  adviceText,
  checkScenario,
  type Exploration,
  elaborate,
  explorationReport,
  explore,
  grouping,
  type Model,
  parse,
  profileNamed,
  searchOfFewSwitches,
  toEnd,
  verdictOf,
  withFewSwitches,
} from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { sizeText } from '../../sim-core/src/judge/verdict-text.ts';

const T1M = readFileSync(join(import.meta.dirname, '../bench/explore/T1m.snoop'), 'utf8');
const L2E = readFileSync(join(import.meta.dirname, '../bench/explore/L2e.snoop'), 'utf8');
const profile = profileNamed('v6.12')!;
const how = { maxSwitches: (bound: number) => `--max-switches ${bound}`, statesPerSecond: 1000 };

function modelOf(text: string): Model {
  const { model } = elaborate(parse(text), { profile });
  if (!model) throw new Error('the scenario is broken');
  return model;
}

function adviceFor(model: Model, exploration: Exploration): readonly Advice[] {
  return explorationReport(verdictOf(model, profile, exploration), { shouldStop: () => true }).advice;
}

function kind<Kind extends Advice['kind']>(advice: readonly Advice[], wanted: Kind): Advice & { kind: Kind } {
  const found = advice.find((each): each is Advice & { kind: Kind } => each.kind === wanted);
  if (!found) throw new Error(`no advice about ${wanted}`);
  return found;
}

test('names what the environment does most, which is what led to the states', () => {
  const model = modelOf(L2E);
  const advice = adviceFor(model, explore(model, { maxStates: 10_000 }));
  const { move, share } = kind(advice, 'environment');
  expect(model.moves.some(({ name }) => name.startsWith(move))).toBe(true);
  expect(share).toBeGreaterThan(0.1);
  expect(share).toBeLessThan(1);
  // Allowed for one word only, as it says, there are fewer states.
  const bounded = modelOf(L2E.replace(`allow ${move} x y`, `allow ${move} y`));
  expect(explore(bounded).states).toBeLessThan(explore(model).states / 1.5);
});

test('names words that no condition mentions, and none that one does', () => {
  const text = T1M.replace(/(memory .*)/, '$1\n  memory idle = 0\n  allow prefetch idle')
    .replace(/^vcpu 0 .*$/m, '$&\n  mov [idle], 1\n  mov [idle], 2\n  mov [idle], 3')
    .replace(/^\s*(exists|~exists|forall)\b.*$/gm, '');
  const model = modelOf(`${text}\nexists [x] == 7 && gpu.r0 == 7\n`);
  const { parts, bits } = kind(adviceFor(model, explore(model, { maxStates: 5_000 })), 'parts');
  const names = parts.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(names).not.toContain('x');
  expect(names).not.toContain('gpu.r0');
  expect(parts.every((part) => part.bits <= bits)).toBe(true);
});

test('estimates the next bound of switches from those before it', () => {
  const model = modelOf(T1M);
  const open = explore(model, { maxStates: 5_000 });
  const few = searchOfFewSwitches(model, {});
  while (few.step(4096));
  const advice = kind(adviceFor(model, withFewSwitches(open, few.result())), 'switches');
  const { bound } = advice;
  expect(bound).toBeGreaterThan(2);
  // Nobody asked for a bound.
  expect(advice).toMatchObject({ completed: bound - 1 });
  expect(advice).not.toHaveProperty('asked');
  const estimated = advice.states!;
  const next = explore(model, { maxSwitches: bound }).switches!.states[bound]!;
  // Each switch multiplies by less than the one before, so the estimate is above, and of the right order.
  expect(estimated).toBeGreaterThan(next * 0.8);
  expect(estimated).toBeLessThan(next * 4);
  expect(adviceText(advice, how)).toMatch(
    /^To get further: --max-switches \d visits interleavings with few switches first, about [\d.]+[kM]? states, \d+ (s|min) at this pace\. All interleavings with at most \d switches were visited\.$/,
  );
});

test('a search that was under way to its bound says so, and one without a limit says nothing', () => {
  const model = modelOf(T1M);
  const cut = explore(model, { maxSwitches: 9, maxStates: 30_000 });
  const advice = kind(adviceFor(model, cut), 'switches');
  expect(advice.asked).toBe(9);
  expect(adviceText(advice, how)).toContain('more time or states for --max-switches 9');
  const small = modelOf(
    readFileSync(join(import.meta.dirname, '../../scenarios/wbinvd/local-cpu-not-flushed.snoop'), 'utf8'),
  );
  expect(adviceFor(small, explore(small))).toEqual([]);
});

test('a check that met a limit says what few switches show', () => {
  const parsed = parse(L2E);
  const { kernels } = checkScenario(parsed, { profiles: [profile], explore: { maxStates: 3_000 } });
  const { exploration } = kernels[0]!;
  expect(exploration).toMatchObject({ complete: false, limit: { kind: 'states', at: 3_000 } });
  const [group] = toEnd(grouping(kernels));
  expect(group!.switches).toBe(exploration.switches!.completed);
  expect(sizeText(group!)).toMatch(/ with at most \d switch(es)?; nothing is proved about those with more$/);
});
