/** What two searches of the same must agree in, whatever they keep in memory, and how often they were interrupted. */
import { type Exploration, movesOf, siteKey } from '../../sim-core/src/index.ts';

export function essence({
  states,
  transitions,
  finals,
  complete,
  conditions,
  outcomes,
  findings,
  maxDepth,
  reductions,
}: Exploration): object {
  const length = (schedule: Parameters<typeof movesOf>[0]): number => movesOf(schedule).length;
  return {
    states,
    transitions,
    finals,
    complete,
    maxDepth,
    reductions,
    conditions: conditions.map(({ holds, positive, negative, witness }) => [
      holds,
      positive,
      negative,
      witness && length(witness),
    ]),
    outcomes: outcomes.map((o) => [o.values, o.finals, length(o.schedule)]),
    findings: findings.map((f) => [siteKey(f), f.occurrences, length(f.schedule)]),
  };
}
