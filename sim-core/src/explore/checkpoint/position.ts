/** How far a search is, apart from what it knows and has found. */
import type { Reductions } from '../exploration.ts';
import type { Space } from '../space.ts';

export interface Position {
  /** Those that are on. */
  reductions: Reductions;
  /** Will it begin again with the reductions that look ahead, once there are enough states? */
  willLookAhead: boolean;
  /** The state to expand next, and the first one of the next level. */
  next: number;
  levelEnd: number;
  /** Moves from the end of the setup to the level. */
  depth: number;
  /** States before the next one that workers did not know how to expand. */
  left: number[];
  /** Moves made by expanders that were replaced. */
  transitions: number;
  /** The footprints that the prunings were last compared with, and the number of states at which they are compared again. */
  compared: number;
  compareAt: number;
  /** Fresh starts because of footprints that came in late. */
  contradictions: number;
  /** Times that the search began again after states had been forgotten. */
  restarts: number;
}

/** States after each of which it is looked whether to stop. */
export const PAUSE = 4096;

/** States after which prunings are first compared with the footprints that came in meanwhile; then at four times as many. */
const FIRST_COMPARISON = 1024;
/** So few states are quickly found again. */
const FEW_STATES = 8192;
/** More fresh starts than these, and looking ahead is not worth it. */
const MAX_CONTRADICTIONS = 12;

export function firstPosition(reductions: Reductions, willLookAhead: boolean): Position {
  return {
    reductions,
    willLookAhead,
    next: 0,
    levelEnd: 1,
    depth: 0,
    left: [],
    transitions: 0,
    compared: 0,
    compareAt: FIRST_COMPARISON,
    contradictions: 0,
    restarts: 0,
  };
}

/** To the first state of the same search. */
export function atFirstState({ reductions, willLookAhead, compared, contradictions, restarts }: Position): Position {
  return { ...firstPosition(reductions, willLookAhead), compared, contradictions, restarts };
}

/** Do the footprints that came in contradict a pruning? Asked when `compareAt` is reached, and at the end. */
export function isContradicted(at: Position, space: Space): boolean {
  const { footprints, pruner, store } = space;
  if (store.count >= at.compareAt) at.compareAt *= 4;
  if (!pruner || footprints.version === at.compared) return false;
  at.compared = footprints.version;
  // While little is stored, beginning again costs less than going on with prunings that could be better.
  const better = store.count <= FEW_STATES && at.contradictions < MAX_CONTRADICTIONS / 2;
  return (better ? pruner.outdated() : pruner.invalid()) || space.ranksTooFew;
}

/** Has the search begun again so often that prunings are not worth it? */
export function isTooOften({ contradictions }: Position): boolean {
  return contradictions > MAX_CONTRADICTIONS;
}

/**
 * Without sleep sets beside persistent sets: an order that is put off may then not be covered by the one that was taken, and
 * making up for that costs more moves than sleep sets save.
 */
export function fitting(reductions: Reductions): Reductions {
  return reductions.partialOrder ? { ...reductions, sleepSets: false } : reductions;
}
