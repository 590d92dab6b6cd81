/** Puts together what several machines found out about one scenario on one kernel, each on its share of the runs. */
import type { Exploration, ExploredCondition, ExploredFinding, Outcome } from './exploration.ts';
import { movesOf } from './exploration.ts';

/** Explorations of the same model. They must agree on conditions and terms; otherwise they are of different scenarios. */
export function mergeExplorations(parts: readonly Exploration[]): Exploration {
  const [first, ...rest] = parts;
  if (!first) throw new RangeError('there is nothing to merge');
  return rest.reduce(mergeTwo, first);
}

function mergeTwo(a: Exploration, b: Exploration): Exploration {
  const same = (one: Exploration): string => JSON.stringify([one.granularity, one.terms, one.conditions.map((c) => [c.quantifier, c.text, c.applies])]);
  if (same(a) !== same(b)) throw new RangeError('the results are of different scenarios or kernels: their conditions differ');
  // A complete search knows everything that a sample can find.
  if (a.complete) return a;
  if (b.complete) return b;
  const outcomes = mergeOutcomes(a.outcomes, b.outcomes);
  return {
    ...a,
    states: a.states + b.states,
    transitions: a.transitions + b.transitions,
    frontier: a.frontier + b.frontier,
    depth: Math.max(a.depth, b.depth),
    bytes: a.bytes + b.bytes,
    maxDepth: Math.max(a.maxDepth, b.maxDepth),
    finals: a.finals + b.finals,
    ...(a.sampling && b.sampling ? { sampling: { ...a.sampling, runs: a.sampling.runs + b.sampling.runs } } : {}),
    ...((a.limit ?? b.limit) ? { limit: a.limit ?? b.limit } : {}),
    outcomes,
    conditions: a.conditions.map((condition, i) => mergeConditions(condition, b.conditions[i] as ExploredCondition, outcomes.map((o) => o.truth[i] === true))),
    findings: mergeFindings(a.findings, b.findings),
  } as Exploration;
}

function mergeOutcomes(a: readonly Outcome[], b: readonly Outcome[]): Outcome[] {
  const merged = new Map(a.map((o) => [o.values.join('\n'), o]));
  for (const outcome of b) {
    const key = outcome.values.join('\n');
    const known = merged.get(key);
    merged.set(key, known ? { ...known, finals: known.finals + outcome.finals, schedule: shorter(known.schedule, outcome.schedule) } : outcome);
  }
  return [...merged.values()];
}

function mergeConditions(a: ExploredCondition, b: ExploredCondition, truths: readonly boolean[]): ExploredCondition {
  const witness = a.witness && b.witness ? shorter(a.witness, b.witness) : (a.witness ?? b.witness);
  return {
    ...a,
    // One that was decided stays decided: only what nobody saw is open.
    holds: a.holds ?? b.holds,
    positive: a.applies ? truths.filter((t) => t).length : 0,
    negative: a.applies ? truths.filter((t) => !t).length : 0,
    ...(witness ? { witness } : {}),
  };
}

function mergeFindings(a: readonly ExploredFinding[], b: readonly ExploredFinding[]): ExploredFinding[] {
  const merged = new Map(a.map((f) => [f.finding, f]));
  for (const finding of b) {
    const known = merged.get(finding.finding);
    merged.set(finding.finding, known ? { ...known, occurrences: known.occurrences + finding.occurrences, schedule: shorter(known.schedule, finding.schedule) } : finding);
  }
  return [...merged.values()];
}

function shorter<T extends Parameters<typeof movesOf>[0]>(a: T, b: T): T {
  return movesOf(b).length < movesOf(a).length ? b : a;
}
