/**
 * Final states, gathered: the outcome of each over the terms that conditions mention, and what they say about the
 * conditions. A final state comes with a number by which the search finds the way to it again.
 */
import type { Executor } from '../../engine/executor.ts';
import type { CompiledCondition, Model, ScheduledMove } from '../../engine/model.ts';
import type { Finding } from '../../engine/monitors/table.ts';
import type { ExploredCondition, ExploredFinding, Outcome } from '../exploration.ts';
import type { Judgement } from '../learn/learner.ts';
import type { Sites } from '../sites.ts';

interface OutcomeEntry {
  readonly values: readonly number[];
  /** Per condition: is its proposition true here? Conditions depend on their terms alone. */
  readonly truth: readonly boolean[];
  finals: number;
  /** The final state with the lowest number, which is the nearest in a breadth-first search. */
  state: number;
}

type Term = CompiledCondition['terms'][number];

/** Everything that conditions mention on this kernel, each once: the columns of an outcome. */
export function outcomeTerms(model: Model): Term[] {
  const terms = new Map<string, Term>();
  for (const condition of model.conditions) {
    if (condition.applies) for (const term of condition.terms) if (!terms.has(term.name)) terms.set(term.name, term);
  }
  return [...terms.values()];
}

export class Outcomes {
  readonly #model: Model;
  readonly #sites: Sites;
  readonly #terms: readonly Term[];
  readonly #gathered = new Map<string, OutcomeEntry>();
  finals = 0;

  constructor(model: Model, sites: Sites) {
    this.#model = model;
    this.#sites = sites;
    this.#terms = outcomeTerms(model);
  }

  get terms(): readonly string[] {
    return this.#terms.map((t) => t.name);
  }

  /** What the state of an executor in which no actor can move says. Leaves events in the log; the caller undoes them. */
  judge(executor: Executor): Judgement {
    const { machine } = executor;
    const deadlock = this.#sites.deadlock(executor);
    // As in a recorded run, the deadlock is found when no actor can move any more.
    if (deadlock) this.#model.world.monitors.report(machine, 'deadlock', deadlock.subject, deadlock.detail);
    return {
      ...(deadlock && { deadlock: this.#sites.number(deadlock) }),
      values: this.#terms.map((term) => term.read(machine.state)),
      truth: this.#model.conditions.map((c) => c.applies && c.holds(machine.state)),
    };
  }

  clear(): void {
    this.finals = 0;
    this.#gathered.clear();
  }

  /** Is there a final state with this outcome already? */
  knows({ values }: Judgement): boolean {
    return this.#gathered.has(values.join());
  }

  add({ values, truth }: Judgement, state: number): void {
    this.finals++;
    const key = values.join();
    const known = this.#gathered.get(key);
    if (!known) this.#gathered.set(key, { values, truth, finals: 1, state });
    else {
      known.finals++;
      known.state = Math.min(known.state, state);
    }
  }

  /** `way` gives the schedule to a numbered state. */
  outcomes(way: (state: number) => readonly ScheduledMove[]): Outcome[] {
    return [...this.#gathered.values()].sort(byValues).map(({ values, truth, finals, state }) => ({
      values: values.map((value, i) => this.#terms[i]?.text(value) ?? String(value)),
      finals,
      truth,
      schedule: way(state),
    }));
  }

  /** `shortest`: the search kept all shortest ways. */
  conditions(
    complete: boolean,
    shortest: boolean,
    way: (state: number) => readonly ScheduledMove[],
    findings: readonly ExploredFinding[],
  ): ExploredCondition[] {
    return this.#model.conditions.map((condition, i) => {
      const { quantifier, text, line, applies, finding } = condition;
      const all = applies ? [...this.#gathered.values()] : [];
      const positives = all.filter((g) => g.truth[i]);
      const negatives = all.filter((g) => !g.truth[i]);
      // What one final state can decide is decided at once; its absence only when all have been seen.
      const deciding = quantifier === 'forall' ? negatives : positives;
      const found = deciding.length > 0;
      const decided = quantifier === 'exists' ? found : !found;
      const nearest = deciding.reduce<OutcomeEntry | undefined>(
        (best, g) => (best && best.state <= g.state ? best : g),
        undefined,
      );
      const onFinals: ExploredCondition = {
        quantifier,
        text,
        line,
        applies,
        holds: !applies ? undefined : found || complete ? decided : undefined,
        positive: positives.length,
        negative: negatives.length,
        ...(nearest ? { witness: way(nearest.state), shortest } : {}),
      };
      return byFinding(onFinals, finding, findings, complete);
    });
  }
}

/**
 * What a condition that is a finding comes to: the finding happened or it did not, also on the way of an execution
 * that never ends. `forall` stays a question about final states.
 */
function byFinding(
  condition: ExploredCondition,
  finding: Finding | undefined,
  findings: readonly ExploredFinding[],
  complete: boolean,
): ExploredCondition {
  if (finding === undefined || !condition.applies || condition.quantifier === 'forall') return condition;
  const seen = nearestOf(findings.filter((one) => one.finding === finding));
  const decided = (seen !== undefined) === (condition.quantifier === 'exists');
  return {
    ...condition,
    holds: seen || complete ? decided : undefined,
    ...(seen && condition.witness === undefined ? { witness: seen.schedule } : {}),
  };
}

function nearestOf(findings: readonly ExploredFinding[]): ExploredFinding | undefined {
  const length = ({ schedule }: ExploredFinding): number => schedule.reduce((sum, { count }) => sum + count, 0);
  return findings.reduce<ExploredFinding | undefined>(
    (best, one) => (best && length(best) <= length(one) ? best : one),
    undefined,
  );
}

function byValues(a: OutcomeEntry, b: OutcomeEntry): number {
  for (let i = 0; i < a.values.length; i++) {
    const difference = a.values[i]! - b.values[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
