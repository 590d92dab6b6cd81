/**
 * The plainest search that can be right: whole states in a map, every move of every state executed. The explorer is
 * compared with it. It shares nothing with the explorer but the executor and the definition of a final state.
 */
import { Executor } from '../../sim-core/src/engine/executor.ts';
import type { Granularity, Model } from '../../sim-core/src/engine/model.ts';
import { FINDINGS, type Finding } from '../../sim-core/src/engine/monitors/table.ts';
import { Finality } from '../../sim-core/src/explore/results/finality.ts';
import { isDeadlock, runSetup } from '../../sim-core/src/explore/start.ts';
import { ModelLimit } from '../../sim-core/src/limits.ts';
import { EVENT_WIDTH } from '../../sim-core/src/state/event.ts';
import { NOTE } from '../../sim-core/src/state/machine.ts';

export interface PlainResult {
  readonly states: number;
  readonly transitions: number;
  readonly finals: number;
  /** Distinct values of the conditions' terms over the final states, as text, sorted. */
  readonly outcomes: readonly string[];
  /** Per condition, whether it holds. */
  readonly holds: readonly (boolean | undefined)[];
  /** Findings and the number of moves to their first occurrence. */
  readonly findings: ReadonlyMap<Finding, number>;
}

/** Undefined when there are more states than that, or when the scenario needs more objects than the model has. */
export function plainSearch(model: Model, granularity: Granularity, maxStates: number): PlainResult | undefined {
  try {
    return search(model, granularity, maxStates);
  } catch (error) {
    if (error instanceof ModelLimit) return undefined;
    throw error;
  }
}

function search(model: Model, granularity: Granularity, maxStates: number): PlainResult | undefined {
  const executor = new Executor(model);
  const { machine } = executor;
  runSetup(executor);
  const findings = new Map<Finding, number>();
  const observe = (depth: number): void => {
    for (let at = 0; at < machine.length; at += EVENT_WIDTH) {
      const finding = FINDINGS[machine.log[at + 1] as number];
      if (machine.log[at] === NOTE.finding && finding && !findings.has(finding)) findings.set(finding, depth);
    }
  };
  observe(0);
  machine.length = 0;
  const states: Int32Array[] = [machine.state.slice()];
  const depths = [0];
  const numbers = new Map<string, number>([[states[0]?.join() as string, 0]]);
  const finality = new Finality();
  let transitions = 0;
  let next = 0;
  for (; next < states.length && states.length < maxStates; next++) {
    machine.state.set(states[next] as Int32Array);
    const byEnvironment: number[] = [];
    let stuck = true;
    model.moves.forEach((move, index) => {
      machine.length = 0;
      if (!executor.move(index, granularity)) return;
      transitions++;
      const depth = (depths[next] as number) + 1;
      observe(depth);
      const key = machine.state.join();
      let number = numbers.get(key);
      if (number === undefined) {
        number = states.push(machine.state.slice()) - 1;
        depths.push(depth);
        numbers.set(key, number);
      }
      machine.rewind(0);
      if (move.kind === 'environment' && !move.inevitable) byEnvironment.push(number);
      else stuck = false;
    });
    if (stuck) finality.add(next, 0, byEnvironment);
  }
  if (next < states.length) return undefined;
  const terms = [
    ...new Map(
      model.conditions.filter((c) => c.applies).flatMap((c) => c.terms.map((t) => [t.name, t] as const)),
    ).values(),
  ];
  const outcomes = new Set<string>();
  const truths = model.conditions.map(() => ({ positive: 0, negative: 0 }));
  const finals = finality.finals();
  for (const { state } of finals) {
    machine.state.set(states[state] as Int32Array);
    machine.length = 0;
    if (isDeadlock(executor)) model.world.monitors.report(machine, 'deadlock', -1, 0);
    observe(depths[state] as number);
    outcomes.add(terms.map((t) => t.text(t.read(machine.state))).join(' '));
    model.conditions.forEach((c, i) => {
      const truth = truths[i] as (typeof truths)[number];
      if (c.holds(machine.state)) truth.positive++;
      else truth.negative++;
    });
    // The report may have written a slot that the states before it did not have.
    machine.rewind(0);
  }
  const holds = model.conditions.map((c, i) => {
    const { positive, negative } = truths[i] as (typeof truths)[number];
    if (!c.applies) return undefined;
    return c.quantifier === 'exists' ? positive > 0 : c.quantifier === '~exists' ? positive === 0 : negative === 0;
  });
  return { states: states.length, transitions, finals: finals.length, outcomes: [...outcomes].sort(), holds, findings };
}
