/** Searches bounded by switches, against the plainest one: whole states with the actor that moved last, fewest first. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Executor } from '../../sim-core/src/engine/executor.ts';
import { explore } from '../../sim-core/src/explore/explore.ts';
import { Finality } from '../../sim-core/src/explore/results/finality.ts';
import { runSetup } from '../../sim-core/src/explore/start.ts';
import {
  elaborate,
  type Granularity,
  type Model,
  ModelLimit,
  NO_REDUCTION,
  parse,
  profileNamed,
  Run,
} from '../../sim-core/src/index.ts';
import { randomScenario } from './random-scenario.ts';
import { randomThreads } from './random-threads.ts';

const MAX_STATES = 1500;
const BOUNDS = [0, 1, 2];

function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

interface Node {
  readonly state: Int32Array;
  /** The actor that moved last, or -1 once it has ended. */
  readonly last: number;
  /** The fewest switches on a way here. */
  readonly switches: number;
  judgement: string | undefined;
}

/** Per bound: outcomes, and whether nothing lies beyond it. Undefined with too many states or a limit of the model. */
function plainly(model: Model, granularity: Granularity): { outcomes: string[]; complete: boolean }[] | undefined {
  const executor = new Executor(model);
  const { machine } = executor;
  const terms = [
    ...new Map(model.conditions.filter((c) => c.applies).flatMap((c) => c.terms.map((t) => [t.name, t]))).values(),
  ];
  const can = (index: number): boolean => {
    machine.length = 0;
    const made = executor.move(index, granularity);
    machine.rewind(0);
    return made;
  };
  runSetup(executor);
  const nodes = new Map<string, Node>();
  const first = machine.state.slice();
  let queue: Node[] = [{ state: first, last: -1, switches: 0, judgement: undefined }];
  const next: Node[] = [];
  const answers: { outcomes: string[]; complete: boolean }[] = [];
  const numbers = new Map<Node, number>();
  const edges = new Map<string, string[]>();
  const keyOf = (node: Node): string => `${node.last}: ${node.state.join()}`;
  for (const bound of BOUNDS) {
    while (queue.length > 0) {
      const node = queue.pop()!;
      const key = keyOf(node);
      if (nodes.has(key)) continue;
      if (nodes.size >= MAX_STATES) return undefined;
      nodes.set(key, node);
      numbers.set(node, nodes.size - 1);
      machine.state.set(node.state);
      const possible = model.moves.map((_, i) => can(i));
      const stuck = !model.moves.some((m, i) => possible[i] && !(m.kind === 'environment' && !m.inevitable));
      const goesOn = model.moves.some((m, i) => possible[i] && m.kind === 'actor' && m.actor === node.last);
      if (stuck) node.judgement = terms.map((t) => t.text(t.read(machine.state))).join(' ');
      model.moves.forEach((move, i) => {
        if (!possible[i]) return;
        machine.length = 0;
        executor.move(i, granularity);
        const own = move.kind === 'actor' ? move.actor : -1;
        const allowed = move.kind === 'environment' && !move.inevitable;
        const switched = allowed ? !stuck : goesOn && own !== node.last;
        const last = own < 0 ? node.last : executor.ended(own) ? -1 : own;
        const then: Node = {
          state: machine.state.slice(),
          last,
          switches: bound + (switched ? 1 : 0),
          judgement: undefined,
        };
        edges.set(key, [...(edges.get(key) ?? []), keyOf(then)]);
        (switched ? next : queue).push(then);
        machine.rewind(0);
      });
    }
    const finality = new Finality();
    const judged = [...nodes.values()];
    for (const [number, node] of judged.entries()) {
      if (node.judgement === undefined) continue;
      const key = keyOf(node);
      const to = (edges.get(key) ?? []).map((then) => numbers.get(nodes.get(then)!) ?? -1);
      finality.add(number, 0, to);
    }
    const outcomes = new Set(finality.finals().map(({ state }) => judged[state]!.judgement!));
    queue = next.splice(0).filter((node) => !nodes.has(keyOf(node)));
    answers.push({ outcomes: [...outcomes].sort(), complete: queue.length === 0 });
  }
  return answers;
}

describe('a search by switches', () => {
  it.each(['statement', 'micro'] as const)(
    'visits what has at most so many, with reductions and without (%s)',
    (granularity) => {
      const seen = { compared: 0, bounded: 0 };
      fc.assert(
        fc.property(fc.oneof(randomScenario, randomThreads), (text) => {
          const model = modelOf(text);
          let plain: ReturnType<typeof plainly>;
          try {
            plain = plainly(model, granularity);
          } catch (error) {
            if (error instanceof ModelLimit) return;
            throw error;
          }
          if (!plain) return;
          for (const bound of BOUNDS) {
            const expected = plain[bound]!;
            for (const reduction of [NO_REDUCTION, {}]) {
              const options = { granularity, reduction, maxSwitches: bound, lookAheadFrom: 0 };
              const result = explore(model, options);
              expect(result.outcomes.map((o) => o.values.join(' ')).sort(), `${bound}`).toEqual(expected.outcomes);
              expect(result.complete, `${bound}`).toBe(expected.complete);
              expect(result.limit?.kind).toBe(expected.complete ? undefined : 'switches');
              if (!expected.complete) expect(result.switches?.completed).toBe(bound);
              for (const { schedule } of result.outcomes) {
                const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
                run.runToEnd();
                expect(run.scheduleProblem).toBeUndefined();
              }
              seen.compared++;
              if (!expected.complete) seen.bounded++;
            }
          }
        }),
        { numRuns: Number(process.env.EXPLORE_RUNS ?? 25), seed: Number(process.env.EXPLORE_SEED ?? 3) },
      );
      expect(seen.compared).toBeGreaterThan(30);
      expect(seen.bounded).toBeGreaterThan(10);
    },
    120_000,
  );
});
