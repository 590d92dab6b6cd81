/** How far a search is, apart from what it knows and has found. */
import type { DroppedReduction, Reductions } from '../exploration.ts';
import { FIRST_ROUND, type Round } from '../switches.ts';

export interface SearchProgress {
  /** Those that are on. */
  reductions: Reductions;
  /** Will it restart with the reductions that look ahead, once there are enough states? */
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
  /** Fresh starts because of footprints that came in late; costly ones had stored many states. */
  contradictions: number;
  costly: number;
  /** Reductions that were given up, and why. */
  dropped: DroppedReduction[];
  /** Of a search that is bounded by switches. */
  round: Round;
  /** Times that the search restarted after states had been forgotten. */
  restarts: number;
}

/** States after each of which it is looked whether to stop. */
export const PAUSE = 4096;

/** States after which prunings are first compared with the footprints that came in meanwhile; then at four times as many. */
const FIRST_COMPARISON = 1024;

export function firstPosition(reductions: Reductions, willLookAhead: boolean): SearchProgress {
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
    costly: 0,
    dropped: [],
    round: FIRST_ROUND,
    restarts: 0,
  };
}

/** To the first state of the same search. */
export function atFirstState(at: SearchProgress): SearchProgress {
  const { reductions, willLookAhead, compared, contradictions, costly, dropped, restarts } = at;
  return { ...firstPosition(reductions, willLookAhead), compared, contradictions, costly, dropped, restarts };
}
