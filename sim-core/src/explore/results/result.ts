/** What a search knows by now, as the answer to what it was asked. */
import type { Granularity, ScheduledMove } from '../../engine/model.ts';
import type { SearchProgress } from '../checkpoint/search-progress.ts';
import { type Exploration, type ExploreLimit, type Progress, scheduleOf } from '../exploration.ts';
import type { Space } from '../space.ts';
import { FingerprintStore } from '../states/fingerprint-store.ts';
import { FINGERPRINT_BITS, missProbability } from '../states/fingerprints.ts';
import type { Store } from '../states/store.ts';
import { completedSwitches, type Round } from '../switches.ts';
import { costOf } from './cost.ts';
import type { Finality } from './finality.ts';
import type { Found, MadeBy } from './found.ts';
import type { Outcomes } from './outcomes.ts';
import { concretePath, Unreachable } from './path.ts';

export interface FinishedSearch {
  readonly space: Space;
  /** The state after the setup. */
  readonly start: Int32Array;
  readonly finality: Finality;
  readonly outcomes: Outcomes;
  readonly found: Found;
  readonly granularity: Granularity;
  readonly at: Pick<SearchProgress, 'reductions' | 'dropped' | 'restarts' | 'compared'>;
  readonly progress: Progress;
  readonly limit: () => ExploreLimit | undefined;
  readonly switches: { readonly asked: number; readonly round: Round } | undefined;
}

/** Judges the final states, and finds the ways to everything. */
export function resultOf(searched: FinishedSearch): Exploration {
  const { space, start, finality, outcomes, found, at, progress, limit } = searched;
  const complete = limit() === undefined && progress.frontier === 0;
  outcomes.clear();
  const deadlocks = new Set<number>();
  // Who stopped the search, or looks on, did not wait to see whether what it took to be known was right.
  const reached = !complete && isContradicted(searched) ? reachable(space, start) : undefined;
  for (const { state, judgement } of finality.finals()) {
    const effect = space.learner.effects[judgement]!;
    if (!effect.judgement) throw new Error('a final state without a judgement');
    if (reached && !outcomes.knows(effect.judgement) && !reached(state)) continue;
    outcomes.add(effect.judgement, state);
    const { deadlock } = effect.judgement;
    if (deadlock === undefined) continue;
    deadlocks.add(deadlock);
    found.add(deadlock, state, -1);
  }
  const way = (state: number): ScheduledMove[] => scheduleOf(concretePath(space, start, state));
  // Persistent sets put moves of others before those that matter, and what takes fewer switches comes first.
  const shortest = !at.reductions.partialOrder && !searched.switches;
  const findings = found.explored(
    shortest,
    (state, last) => scheduleOf(concretePath(space, start, state, last)),
    reached,
  );
  for (const deadlock of deadlocks) found.remove(deadlock);
  const ended = limit();
  return {
    ...progress,
    granularity: searched.granularity,
    complete,
    ...(ended ? { limit: ended, cost: costOf(space) } : {}),
    ...(space.store instanceof FingerprintStore
      ? {
          fingerprints: {
            bits: FINGERPRINT_BITS,
            missProbability: missProbability(progress.states),
            restarts: at.restarts,
          },
        }
      : {}),
    ...(searched.switches && {
      switches: {
        asked: searched.switches.asked,
        completed: completedSwitches(searched.switches.round),
        states: searched.switches.round.sizes,
      },
    }),
    maxDepth: searched.switches ? longestPath(space.store) : progress.depth,
    reductions: at.reductions,
    dropped: at.dropped,
    finals: outcomes.finals,
    conditions: outcomes.conditions(complete, shortest, way, findings),
    terms: outcomes.terms,
    outcomes: outcomes.outcomes(way),
    findings,
  };
}

function isContradicted({ space: { footprints, pruner }, at: { compared } }: FinishedSearch): boolean {
  if (footprints.version === compared) return false;
  const wrong = pruner?.contradicted();
  return wrong !== undefined && (wrong.partialOrder || wrong.deadState);
}

/** Failures to reach a state again after which no more are tried. */
const MAX_UNREACHABLE = 100;

/** Does the machine have a stored state, and the finding that was made by one move more? */
function reachable(space: Space, start: Int32Array): (state: number, last?: MadeBy) => boolean {
  let failures = 0;
  return (state, last) => {
    if (failures >= MAX_UNREACHABLE) return false;
    try {
      concretePath(space, start, state, last);
      return true;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      failures++;
      return false;
    }
  };
}

/** Moves on the longest way by which a state was found. */
function longestPath(store: Store): number {
  const depths = new Int32Array(store.count);
  let longest = 0;
  for (let state = 1; state < store.count; state++) {
    const depth = 1 + depths[store.parent(state)]!;
    depths[state] = depth;
    if (depth > longest) longest = depth;
  }
  return longest;
}
