/**
 * The plainest search that can be right: whole states in a map, every move of every state executed. The explorer is
 * compared with it. It shares nothing with the explorer but the executor and the definition of a final state.
 */
import { Executor } from '../../sim-core/src/engine/executor.ts';
import type { Granularity, Model } from '../../sim-core/src/engine/model.ts';
import { FINDINGS, MONITORS } from '../../sim-core/src/engine/monitors/table.ts';
import { Finality } from '../../sim-core/src/explore/results/finality.ts';
import { runSetup } from '../../sim-core/src/explore/start.ts';
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
  /** Findings by kind, subject, detail and lines ({@link siteKey}), and the number of moves to their first occurrence. */
  readonly findings: ReadonlyMap<string, number>;
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
  const findings = new Map<string, number>();
  const nodes = model.tasks.node.base;
  const find = (event: number[], node: number, depth: number): void => {
    const { finding, operands } = MONITORS[event[0]!]!;
    // A CPU is any CPU, and a statement is known by its line.
    const seen = operands.map((kind, i) => (kind === 'cpu' || kind === 'statement' ? -1 : event[1 + i]));
    const place = model.nodes[node]?.place;
    const lines = place ? [...place.calls, place].map(({ file, line }) => `${file}:${line}`) : [];
    const key = [finding, ...seen, ...lines].join(' ');
    if (!findings.has(key)) findings.set(key, depth);
  };
  const observe = (depth: number): void => {
    let [actor, node] = [-1, -1];
    for (let at = 0; at < machine.length; at += EVENT_WIDTH) {
      const [what, a, b, c] = machine.log.subarray(at, at + EVENT_WIDTH) as unknown as [number, number, number, number];
      if (what === NOTE.step) [actor, node] = [a, b];
      if (what === NOTE.environment) [actor, node] = [-1, -1];
      if (actor >= 0 && what === nodes + actor) node = b;
      if (what === NOTE.finding) find([a, b, c], node, depth);
    }
  };
  const observeDeadlock = (depth: number): boolean => {
    const waiting = executor.tasks.filter(({ actor }) => executor.waitsForLock(actor)).map(({ actor }) => actor);
    const [first] = waiting;
    if (first === undefined) return false;
    const all = waiting.reduce((bits, actor) => bits | (1 << actor), 0);
    find([FINDINGS.indexOf('deadlock'), first, all], machine.state[nodes + first]!, depth);
    return true;
  };
  observe(0);
  machine.length = 0;
  const states: Int32Array[] = [machine.state.slice()];
  const depths = [0];
  const numbers = new Map<string, number>([[states[0]!.join(), 0]]);
  const finality = new Finality();
  let transitions = 0;
  let next = 0;
  for (; next < states.length && states.length < maxStates; next++) {
    machine.state.set(states[next]!);
    const byEnvironment: number[] = [];
    let stuck = true;
    model.moves.forEach((move, index) => {
      machine.length = 0;
      if (!executor.move(index, granularity)) return;
      transitions++;
      const depth = depths[next]! + 1;
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
    machine.state.set(states[state]!);
    machine.length = 0;
    if (observeDeadlock(depths[state]!)) model.world.monitors.report(machine, 'deadlock', -1, 0);
    outcomes.add(terms.map((t) => t.text(t.read(machine.state))).join(' '));
    model.conditions.forEach((c, i) => {
      const truth = truths[i]!;
      if (c.holds(machine.state)) truth.positive++;
      else truth.negative++;
    });
    // The report may have written a slot that the states before it did not have.
    machine.rewind(0);
  }
  const holds = model.conditions.map((c, i) => {
    const { positive, negative } = truths[i]!;
    if (!c.applies) return undefined;
    return c.quantifier === 'exists' ? positive > 0 : c.quantifier === '~exists' ? positive === 0 : negative === 0;
  });
  return { states: states.length, transitions, finals: finals.length, outcomes: [...outcomes].sort(), holds, findings };
}
