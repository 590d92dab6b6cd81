/**
 * Counterexamples with the fewest moves.
 *
 * Persistent sets keep every verdict but not every shortest way, so what a search with them has found is looked for
 * again without them, no deeper than it is known to be.
 */
import type { Model, ScheduledMove } from '../engine/model.ts';
import { FINDINGS, type Finding } from '../state/event.ts';
import { type Exploration, type ExploreOptions, movesOf, SLICE_MOVES } from './exploration.ts';
import { Search } from './search.ts';

/** States that the second search may store. */
const MAX_STATES = 2_000_000;

/** What a schedule is to lead to. */
export type Target =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'condition'; readonly index: number };

/** A shortest schedule to a target that an exploration has reached. `shortest` is false when a limit kept it from being proved. */
export function shortestSchedule(
  model: Model,
  exploration: Exploration,
  target: Target,
  options: ExploreOptions = {},
): { schedule: readonly ScheduledMove[]; shortest: boolean } | undefined {
  const found = wayTo(exploration, target);
  if (!found) return undefined;
  if (found.shortest) return { schedule: found.schedule, shortest: true };
  return (
    search(model, exploration, target, options, movesOf(found.schedule).length) ?? {
      schedule: found.schedule,
      shortest: false,
    }
  );
}

function wayTo(
  exploration: Exploration,
  target: Target,
): { schedule: readonly ScheduledMove[]; shortest: boolean } | undefined {
  if (target.kind === 'finding') return exploration.findings.find((f) => f.finding === target.finding);
  const condition = exploration.conditions[target.index];
  return condition?.witness && { schedule: condition.witness, shortest: condition.shortest ?? false };
}

function search(
  model: Model,
  exploration: Exploration,
  target: Target,
  options: ExploreOptions,
  length: number,
): ReturnType<typeof wayTo> {
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
  while (second.step(SLICE_MOVES)) if (options.shouldStop?.(second.progress())) second.stop({ kind: 'stopped' });
  const again = second.result();
  const way = wayTo(again, target);
  const looked = again.complete || again.limit?.kind === 'depth' || again.limit?.kind === 'finding';
  return way && looked ? { schedule: way.schedule, shortest: true } : undefined;
}
