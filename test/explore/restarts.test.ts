// A search restarts when what it took to be known turns out wrong. One that does so again and again gives up what misleads it.
import { expect, test } from 'vitest';
import { firstPosition, type SearchProgress } from '../../sim-core/src/explore/checkpoint/search-progress.ts';
import { ALL_REDUCTIONS } from '../../sim-core/src/explore/exploration.ts';
import type { LookAhead } from '../../sim-core/src/explore/reduce/pruner.ts';
import { contradicted, planOf } from '../../sim-core/src/explore/restarts.ts';
import type { Space } from '../../sim-core/src/explore/space.ts';

/** A space whose footprints are new each time that it is asked, and contradict what `wrong` says. */
function misleading(stored: number, wrong: LookAhead): Space {
  let version = 0;
  const footprints = {
    get version() {
      return ++version;
    },
  };
  const pruner = { outdated: () => false, contradicted: () => wrong };
  return { footprints, pruner, store: { count: stored }, ranksTooFew: false } as unknown as Space;
}

/** Restarts until a reduction is given up; how many restarts kept all of them. */
function restartsOf(space: Space): { readonly kept: number; readonly end: SearchProgress } {
  let at = firstPosition(planOf({ reduction: ALL_REDUCTIONS, lookAheadFrom: 0 }).first, false);
  for (let kept = 0; kept < 100; kept++) {
    const next = contradicted(at, space, ALL_REDUCTIONS);
    if (!next) throw new Error('nothing was contradicted');
    if (next.dropped.length > 0) return { kept, end: next };
    at = next;
  }
  throw new Error('nothing was given up');
}

test.each([
  { wrong: { partialOrder: false, deadState: true }, stored: 100, kept: 12 },
  { wrong: { partialOrder: true, deadState: false }, stored: 100, kept: 12 },
  { wrong: { partialOrder: false, deadState: true }, stored: 10_000, kept: 3 },
  { wrong: { partialOrder: true, deadState: true }, stored: 10_000, kept: 3 },
])('after $kept restarts with $stored states what misleads is given up: $wrong', ({ wrong, stored, kept }) => {
  const { kept: restarts, end } = restartsOf(misleading(stored, wrong));
  expect(restarts).toBe(kept);
  expect(end.dropped).toEqual(
    (['partialOrder', 'deadState'] as const)
      .filter((reduction) => wrong[reduction])
      .map((reduction) => ({ reduction, why: 'contradicted' })),
  );
  expect(end.reductions.partialOrder).toBe(!wrong.partialOrder);
  expect(end.reductions.deadState).toBe(!wrong.deadState);
  // Sleep sets come back when persistent sets are gone, and what is left may be wrong as often again.
  expect(end.reductions.sleepSets).toBe(wrong.partialOrder);
  expect([end.contradictions, end.costly]).toEqual([0, 0]);
});
