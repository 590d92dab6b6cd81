/**
 * Counterexamples with the fewest moves.
 *
 * Persistent sets keep every verdict but not every shortest way, so what a search with them has found is looked for
 * again without them, no deeper than it is known to be.
 */
import type { Model, ScheduledMove } from '../engine/model.ts';
import { FINDINGS, type Finding } from '../engine/monitors/table.ts';
import { toEnd } from '../to-end.ts';
import { type Exploration, type ExploreOptions, movesOf, SLICE_MOVES } from './exploration.ts';
import { Search } from './search.ts';

/** States that the second search may store. */
const MAX_STATES = 2_000_000;

/** What a schedule is to lead to. */
export type Target =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'condition'; readonly index: number };

export interface Way {
  readonly schedule: readonly ScheduledMove[];
  /** None is shorter. False when a limit, or the caller, kept that from being proved. */
  readonly shortest: boolean;
}

/** A shortest schedule to a target, or undefined when the exploration has not reached it. */
export function shortestSchedule(
  model: Model,
  exploration: Exploration,
  target: Target,
  options: ExploreOptions = {},
): Way | undefined {
  return toEnd(shortening(model, exploration, target, options));
}

/** The same in slices; `shouldStop` of the options is asked after each. */
export function* shortening(
  model: Model,
  exploration: Exploration,
  target: Target,
  options: ExploreOptions,
): Generator<void, Way | undefined> {
  const found = wayTo(exploration, target);
  if (!found || found.shortest) return found;
  return (yield* search(model, exploration, target, options, movesOf(found.schedule).length)) ?? found;
}

function wayTo(exploration: Exploration, target: Target): Way | undefined {
  if (target.kind === 'finding') {
    const found = exploration.findings.find((f) => f.finding === target.finding);
    return found && { schedule: found.schedule, shortest: found.shortest };
  }
  const condition = exploration.conditions[target.index];
  return condition?.witness && { schedule: condition.witness, shortest: condition.shortest ?? false };
}

function* search(
  model: Model,
  exploration: Exploration,
  target: Target,
  options: ExploreOptions,
  length: number,
): Generator<void, Way | undefined> {
  const findings = Object.fromEntries(
    FINDINGS.map(
      (finding) => [finding, target.kind === 'finding' && target.finding === finding ? 'stop' : 'ignore'] as const,
    ),
  );
  const second = new Search(model, {
    ...options,
    granularity: exploration.granularity,
    maxStates: MAX_STATES,
    maxDepth: length + 1,
    findings,
    fingerprint: false,
    reduction: { ...exploration.reductions, partialOrder: false, sleepSets: options.reduction?.sleepSets ?? true },
  });
  while (second.step(SLICE_MOVES)) {
    yield;
    if (options.shouldStop?.(second.progress())) second.stop({ kind: 'stopped' });
  }
  const again = second.result();
  const way = wayTo(again, target);
  const looked = again.complete || again.limit?.kind === 'depth' || again.limit?.kind === 'finding';
  return way && looked ? { schedule: way.schedule, shortest: true } : undefined;
}
