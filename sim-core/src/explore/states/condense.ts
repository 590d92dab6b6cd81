/**
 * Which slots share fields, found out from the states that are stored: looking at them is cheap beside exploring, and
 * no part of the machine has to say what goes together. What comes later and does not fit is met as any new value is.
 */

import type { Effect } from '../learn/learner.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import { Bundle, bitWidth, type Candidate, joinedCandidates, numbered } from './bundle.ts';
import type { Gather, Packing } from './packing.ts';
import type { SlotValues } from './slot-values.ts';
import { HOLE, SLICE_STATES, type Store } from './store.ts';

export interface Condensed {
  readonly slotValues: SlotValues;
  readonly symmetry: Symmetry | undefined;
  readonly packing: Packing;
  readonly store: Store;
  /** Effects whose order with others matters: those of moves, when there are sleep sets. */
  readonly ordered: readonly Effect[];
  /** Also when no state becomes shorter by it. */
  readonly always: boolean;
}

/** Words of states that are short enough as they are. */
export const MAX_WORDS_LEFT = 2;
/** States that are looked at to choose what goes together. */
const SAMPLE = 2048;
/** Bits that a joint value may be gathered from: it must be a number. */
const MAX_GATHERED = 52;

/** In slices: bundles in which every stored state can be written; undefined when states would not become shorter than now. */
export function* condensing(condensed: Condensed): Generator<void, Bundle[] | undefined> {
  const { packing, symmetry } = condensed;
  const candidates = joinedCandidates(candidatesOf(condensed));
  const named = symmetry?.references.reduce((sum, { slot }) => sum + (packing.fieldOf(slot)?.width ?? 0), 0) ?? 0;
  const bits = candidates.reduce((sum, { count, lanes }) => sum + bitWidth(count) * lanes.length, named);
  if (bits > 32 * (packing.words - 1) && !condensed.always) return undefined;
  const bundles = candidates
    .filter(({ lanes }) => (lanes[0]?.length ?? 0) > 1)
    .map(({ lanes }) => new Bundle(lanes))
    .filter(({ lanes }) => lanes.every((lane) => packing.gather(lane).bits <= MAX_GATHERED));
  yield* filling(bundles, condensed);
  return bundles;
}

function candidatesOf(condensed: Condensed): Candidate[] {
  const { slotValues, symmetry, packing, store } = condensed;
  const named = new Set(symmetry?.references.map((r) => r.slot));
  const columns = symmetry?.columns ?? [];
  const inColumn = new Set(columns.flat());
  const lanes = [
    ...columns,
    ...slotValues.varying.flatMap((slot) => (inColumn.has(slot) || named.has(slot) ? [] : [[slot]])),
  ].filter(([slot]) => slotValues.varies(slot!));
  const kindOf = kinds(condensed);
  const count = Math.min(SAMPLE, store.count);
  const numbers = Array.from({ length: count }, (_, i) => Math.floor((i * store.count) / count));
  const words = new Uint32Array(packing.words);
  const readers = lanes.map((slots) => slots.map((slot) => packing.gather([slot])));
  const values = lanes.map((slots) => new Int32Array(slots.length * count));
  numbers.forEach((number, i) => {
    if (store.parent(number) === HOLE) return;
    store.read(number, words);
    readers.forEach((each, candidate) => {
      each.forEach((gather, lane) => {
        values[candidate]![lane * count + i] = gather.index(words, 0);
      });
    });
  });
  return lanes.map((slots, candidate) => ({
    lanes: slots.map((slot) => [slot]),
    kind: `${slots.length} ${slots.map(kindOf).join(' ')}`,
    ...numbered(values[candidate]!),
  }));
}

/** With sleep sets, what goes together must be touched together: moves that have a field in common do not commute. */
function kinds({ ordered }: Condensed): (slot: number) => string {
  const touchedBy = new Map<number, string[]>();
  for (const { index, reads, writes } of ordered) {
    for (const slot of new Set([...reads, ...writes].map((one) => one.slot))) {
      const touched = touchedBy.get(slot) ?? [];
      touched.push(index.toString(36));
      touchedBy.set(slot, touched);
    }
  }
  return (slot) => touchedBy.get(slot)?.join() ?? '';
}

/** Numbers what the slots of the bundles hold together in the stored states. */
function* filling(bundles: readonly Bundle[], { packing, store }: Condensed): Generator<void, void> {
  const gathered = bundles.flatMap((bundle) =>
    bundle.lanes.map((lane) => ({ bundle, gather: packing.gather(lane), seen: new Set<number>() })),
  );
  const words = new Uint32Array(packing.words);
  for (let state = 0; state < store.count; state++) {
    if (state % SLICE_STATES === SLICE_STATES - 1) yield;
    if (store.parent(state) === HOLE) continue;
    store.read(state, words);
    for (const { bundle, gather, seen } of gathered) take(bundle, gather, seen, words);
  }
}

function take(bundle: Bundle, gather: Gather, seen: Set<number>, words: Uint32Array): void {
  const index = gather.index(words, 0);
  if (seen.has(index)) return;
  seen.add(index);
  bundle.add(gather.numbers(index));
}
