/**
 * When a search restarts, and with which reductions: to look ahead once that pays, because what it took to be known
 * turned out wrong, or because looking ahead does not pay after all.
 */
import type { SearchProgress } from './checkpoint/search-progress.ts';
import { ALL_REDUCTIONS, type DroppedReduction, type ExploreOptions, type Reductions } from './exploration.ts';
import type { LookAhead } from './reduce/pruner.ts';
import { LOOK_AHEAD_FROM, type SharedOptions } from './search-options.ts';
import type { Space } from './space.ts';

/** So few states are quickly found again. */
const FEW_STATES = 8192;
/** More fresh starts than these, or of those that had stored many states, and looking ahead is not worth it. */
const MAX_CONTRADICTIONS = 12;
const MAX_COSTLY = 3;
/** So many states are enough to see whether they share locations, and fewer than this for each pruning share too few. */
const ENOUGH_TO_SHARE = 4096;
const STATES_PER_PRUNING = 4;

/** The reductions that were asked for, and those that a search begins with. */
export interface Plan {
  readonly asked: Reductions;
  readonly first: Reductions;
  /** Are these fewer, and the others used from so many stored states on? */
  readonly willLookAhead: boolean;
  readonly lookAheadFrom: number;
}

export function planOf({
  reduction,
  maxSwitches,
  lookAheadFrom = LOOK_AHEAD_FROM,
}: ExploreOptions & SharedOptions): Plan {
  // Whose move the last one was decides which moves are switches, so none of these is like another.
  const counted = maxSwitches === undefined ? {} : { partialOrder: false, sleepSets: false };
  const asked = { ...ALL_REDUCTIONS, ...reduction, ...counted };
  const willLookAhead = lookAheadFrom > 0 && (asked.partialOrder || asked.deadState);
  const first = willLookAhead ? { ...asked, partialOrder: false, deadState: false } : fitting(asked);
  return { asked, first, willLookAhead, lookAheadFrom };
}

const BOTH: LookAhead = { partialOrder: true, deadState: true };

/**
 * The position with the reductions to restart with, when there are enough states to look ahead or when looking ahead
 * turns out a waste.
 */
export function changedReductions(
  at: SearchProgress,
  { pruner, store }: Space,
  { asked, lookAheadFrom }: Plan,
): SearchProgress | undefined {
  if (at.willLookAhead && store.count >= lookAheadFrom) {
    // Symmetry that was found not to apply stays off.
    const reductions = fitting({ ...asked, symmetry: at.reductions.symmetry });
    return { ...at, reductions, willLookAhead: false };
  }
  // Finding out what may be left out for each of so many locations takes longer than visiting the states.
  const wasted =
    pruner !== undefined &&
    at.next < store.count &&
    store.count >= ENOUGH_TO_SHARE &&
    pruner.prunings.length * STATES_PER_PRUNING > store.count;
  return wasted ? without(at, BOTH, asked, 'wasted') : undefined;
}

/**
 * Do the footprints that came in contradict a pruning? Then everything but what was learned is forgotten: the position to
 * restart from. Footprints only grow, and there are finitely many, so this ends; when it takes too often, the
 * reductions that were wrong are given up. Asked when `compareAt` is reached, and at the end.
 */
export function contradicted(at: SearchProgress, space: Space, asked: Reductions): SearchProgress | undefined {
  const { footprints, pruner, store } = space;
  if (store.count >= at.compareAt) at.compareAt *= 4;
  if (!pruner || footprints.version === at.compared) return undefined;
  at.compared = footprints.version;
  // While little is stored, restarting costs less than continuing with prunings that could be better.
  const better = store.count <= FEW_STATES && at.contradictions < MAX_CONTRADICTIONS / 2;
  const wrong = (better && pruner.outdated()) || space.ranksTooFew ? BOTH : pruner.contradicted();
  if (!wrong.partialOrder && !wrong.deadState) return undefined;
  const contradictions = at.contradictions + 1;
  const costly = at.costly + (store.count > FEW_STATES ? 1 : 0);
  if (contradictions > MAX_CONTRADICTIONS || costly > MAX_COSTLY) return without(at, wrong, asked, 'contradicted');
  return { ...at, contradictions, costly };
}

/** Thrown where a search meets what a wrong pruning made, which no level or pause waits for. */
export class Contradicted extends Error {
  override readonly name = 'Contradicted';
  readonly from: SearchProgress;

  constructor(from: SearchProgress) {
    super('what was taken to be known is wrong');
    this.from = from;
  }
}

/** Throws {@link Contradicted} when that is so: a pruning that turned out wrong may have led to a state that there is not. */
export function demandRight(at: SearchProgress, space: Space, asked: Reductions): void {
  const from = contradicted(at, space, asked);
  if (from) throw new Contradicted(from);
}

/** Gives reductions up; the others of those that were asked for stay. */
function without(
  at: SearchProgress,
  given: LookAhead,
  asked: Reductions,
  why: DroppedReduction['why'],
): SearchProgress {
  const gone = (['partialOrder', 'deadState'] as const).filter((name) => given[name] && at.reductions[name]);
  return {
    ...at,
    contradictions: 0,
    costly: 0,
    dropped: [...at.dropped, ...gone.map((reduction) => ({ reduction, why }))],
    reductions: fitting({
      ...asked,
      symmetry: at.reductions.symmetry,
      partialOrder: at.reductions.partialOrder && !given.partialOrder,
      deadState: at.reductions.deadState && !given.deadState,
    }),
  };
}

/**
 * Without sleep sets beside persistent sets: an order that is put off may then not be covered by the one that was taken, and
 * making up for that costs more moves than sleep sets save.
 */
export function fitting(reductions: Reductions): Reductions {
  return reductions.partialOrder ? { ...reductions, sleepSets: false } : reductions;
}
