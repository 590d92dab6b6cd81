/**
 * Counterexamples with the fewest moves.
 *
 * Persistent sets keep every verdict but not every shortest way, so what a search with them has found is looked for
 * again without them, no deeper than it is known to be.
 */
import type { Model, ScheduledMove } from '../engine/model.ts';
import { FINDINGS, type Finding } from '../engine/monitors/table.ts';
import { toEnd } from '../to-end.ts';
import { type Exploration, type ExploredFinding, type ExploreOptions, movesOf, SLICE_MOVES } from './exploration.ts';
import { Search, type SharedOptions } from './search.ts';
import { siteKey } from './sites.ts';

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

/**
 * The findings of an exploration with shortest schedules, found by one search for all of them. Those that it does not come
 * to, before a limit or its caller ends it, stay as they are.
 */
export function* shorteningFindings(
  model: Model,
  exploration: Exploration,
  options: ExploreOptions,
): Generator<void, readonly ExploredFinding[]> {
  const open = exploration.findings.filter((found) => !found.shortest);
  if (open.length === 0) return exploration.findings;
  const kinds = new Set(open.map(({ finding }) => finding));
  const second = searchAgain(model, exploration, options, {
    findings: Object.fromEntries(FINDINGS.map((finding) => [finding, kinds.has(finding) ? 'count' : 'ignore'])),
    untilFound: open.map(({ finding, subject, detail, place }) => ({
      finding,
      subject,
      detail,
      ...(place && { place }),
    })),
    maxDepth: 1 + Math.max(...open.map(lengthOf)),
  });
  yield* inSlices(second, options);
  const again = second.result();
  const looked = again.complete || again.limit?.kind === 'depth' || again.limit?.kind === 'finding';
  const nearer = new Map(again.findings.map((found) => [siteKey(found), found]));
  return exploration.findings.map((known) => {
    const found = known.shortest ? undefined : nearer.get(siteKey(known));
    // Breadth first, what is found at all is found nearest; only a deadlock is decided at the end.
    if (!found || (known.finding === 'deadlock' && !looked)) return known;
    return { ...known, schedule: found.schedule, shortest: true };
  });
}

function lengthOf({ schedule }: { readonly schedule: readonly ScheduledMove[] }): number {
  return schedule.reduce((sum, { count }) => sum + count, 0);
}

function wayTo(exploration: Exploration, target: Target): Way | undefined {
  if (target.kind === 'finding') {
    const all = exploration.findings.filter((f) => f.finding === target.finding);
    const [found] = all.toSorted((a, b) => lengthOf(a) - lengthOf(b));
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
  const second = searchAgain(model, exploration, options, { findings, maxDepth: length + 1 });
  yield* inSlices(second, options);
  const again = second.result();
  const way = wayTo(again, target);
  const looked = again.complete || again.limit?.kind === 'depth' || again.limit?.kind === 'finding';
  return way && looked ? { schedule: way.schedule, shortest: true } : undefined;
}

/** A search that keeps the shortest ways. */
function searchAgain(
  model: Model,
  { granularity, reductions }: Exploration,
  options: ExploreOptions,
  about: Pick<ExploreOptions & SharedOptions, 'findings' | 'maxDepth' | 'untilFound'>,
): Search {
  return new Search(model, {
    ...options,
    granularity,
    maxStates: MAX_STATES,
    fingerprint: false,
    reduction: { ...reductions, partialOrder: false, sleepSets: options.reduction?.sleepSets ?? true },
    ...about,
  });
}

function* inSlices(search: Search, options: ExploreOptions): Generator<void> {
  while (search.step(SLICE_MOVES)) {
    yield;
    if (options.shouldStop?.(search.progress())) search.stop({ kind: 'stopped' });
  }
}
