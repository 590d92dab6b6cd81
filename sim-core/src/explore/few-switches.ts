/**
 * What a search that met a limit leaves open, looked at by switches: whole executions with few of them are few, decide
 * many an `exists`, and show findings that lie far away in moves.
 */
import type { Model } from '../engine/model.ts';
import type { Exploration, ExploredCondition, ExploreOptions, Outcome } from './exploration.ts';
import { kindOf } from './results/cost.ts';
import { Search } from './search.ts';
import { bySite, siteKey } from './sites.ts';

/** Switches up to which is looked, and states stored for it at most: some seconds, and some twenty megabytes. */
const FEW_SWITCHES = 4;
const MAX_STATES = 500_000;

/** Did a limit keep something open that a search by switches may decide? */
export function leavesOpen({ limit, sampling, switches, conditions }: Exploration): boolean {
  const kinds: readonly (string | undefined)[] = ['states', 'bytes', 'stopped'];
  return kinds.includes(limit?.kind) && !sampling && !switches && conditions.some((c) => c.applies && c.holds !== true);
}

/** The search by few switches, to be stepped and stopped as any other. */
export function searchOfFewSwitches(model: Model, options: ExploreOptions): Search {
  const { maxDepth: _, fingerprint: __, maxStates = MAX_STATES, ...others } = options;
  return new Search(model, { ...others, maxSwitches: FEW_SWITCHES, maxStates: Math.min(maxStates, MAX_STATES) });
}

/** What the search that met the limit knows, and what the one by few switches adds to it. */
export function withFewSwitches(exploration: Exploration, few: Exploration): Exploration {
  // No further switch leads to a new state: it has seen everything.
  if (few.complete) return few;
  const known = new Set(exploration.outcomes.map(({ values }) => values.join('\n')));
  const outcomes = [
    ...exploration.outcomes,
    ...few.outcomes.filter(({ values }) => !known.has(values.join('\n'))),
  ].toSorted((a, b) => (a.values.join('\n') < b.values.join('\n') ? -1 : 1));
  const found = new Set(exploration.findings.map(siteKey));
  return {
    ...exploration,
    ...(few.limit?.kind === 'finding' && { limit: few.limit }),
    // Nobody asked for the bound that it did not reach.
    ...(few.switches &&
      few.switches.completed >= 0 && { switches: { ...few.switches, asked: few.switches.completed } }),
    finals: Math.max(exploration.finals, few.finals),
    outcomes,
    conditions: exploration.conditions.map((c, i) => decided(c, few.conditions[i], outcomes, i)),
    findings: [...exploration.findings, ...few.findings.filter((one) => !found.has(siteKey(one)))].toSorted(bySite),
  };
}

function decided(
  known: ExploredCondition,
  other: ExploredCondition | undefined,
  outcomes: readonly Outcome[],
  index: number,
): ExploredCondition {
  if (!known.applies) return known;
  const positive = outcomes.filter(({ truth }) => truth[index]).length;
  const counted = { ...known, positive, negative: outcomes.length - positive };
  if (known.holds !== undefined || other?.holds === undefined || !other.witness) return counted;
  return { ...counted, holds: other.holds, witness: other.witness, shortest: false };
}

/** Kinds of what the environment may do, those with the most moves first: what to bound when a search takes too long. */
export function environmentKinds({ moves }: Model): readonly { readonly kind: string; readonly moves: number }[] {
  const counts = new Map<string, number>();
  for (const move of moves) {
    if (move.kind !== 'environment' || move.inevitable) continue;
    const kind = kindOf(move.name);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, moves: count })).toSorted((a, b) => b.moves - a.moves);
}
