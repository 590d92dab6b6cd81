/**
 * One worker of a parallel exploration: expands states of one level, with tables that it is given. What it does not find
 * in them it hands back. It needs neither the model nor the scenario.
 */
import { Expander, type Tables } from './expander.ts';
import { CONTROL, type SharedBuffers, SharedStore } from './shared-store.ts';
import { HOLE } from './store.ts';

export type ToLevelWorker =
  /** What to work with from now on. */
  | { readonly kind: 'tables'; readonly tables: Tables; readonly buffers: SharedBuffers }
  /** Expand the states up to `end`, from wherever the shared cursor stands; new ones get numbers from `levelEnd` on. */
  | { readonly kind: 'level'; readonly end: number; readonly levelEnd: number };

export interface LevelDone {
  readonly transitions: number;
  /** Per remarkable leaf that was met: the leaf, how often, and the first state and move. */
  readonly remarks: readonly (readonly [leaf: number, times: number, state: number, move: number])[];
  /** {@link Expander.stuck}. */
  readonly stuck: readonly number[];
  /** States that could not be expanded with these tables, or for want of room. */
  readonly deferred: readonly number[];
}

/** States that a worker takes from the level at a time; it looks whether to stop before each portion. */
const PORTION = 64;

/** What a worker does with each message; the answer to `level` is a {@link LevelDone}. */
export function createLevelWorker(): (message: ToLevelWorker) => LevelDone | undefined {
  let states: SharedStore | undefined;
  let expander: Expander | undefined;
  return (message) => {
    if (message.kind === 'tables') {
      states = new SharedStore(message.buffers);
      expander = new Expander(message.tables, states);
      return undefined;
    }
    if (!states || !expander) throw new Error('a level without tables');
    return expandLevel(states, expander, message.end, message.levelEnd);
  };
}

function expandLevel(states: SharedStore, expander: Expander, end: number, levelEnd: number): LevelDone {
  const { control } = states;
  const before = expander.transitions;
  const deferred: number[] = [];
  const remarks = new Map<number, [number, number, number, number]>();
  for (;;) {
    if (Atomics.load(control, CONTROL.stop) !== 0 || Atomics.load(control, CONTROL.full) !== 0) break;
    const from = Atomics.add(control, CONTROL.cursor, PORTION);
    if (from >= end) break;
    for (let state = from; state < Math.min(from + PORTION, end); state++) {
      if (states.parent(state) === HOLE) continue;
      if (!expander.expand(state, levelEnd)) deferred.push(state);
      gather(expander.remarks, remarks);
    }
  }
  states.settle();
  const stuck = [...expander.stuck];
  expander.stuck.length = 0;
  return { transitions: expander.transitions - before, remarks: [...remarks.values()], stuck, deferred };
}

function gather(list: number[], into: Map<number, [number, number, number, number]>): void {
  for (let i = 0; i < list.length; i += 3) {
    const leaf = list[i] as number;
    const state = list[i + 1] as number;
    const known = into.get(leaf);
    if (!known) into.set(leaf, [leaf, 1, state, list[i + 2] as number]);
    else {
      known[1]++;
      if (state < known[2]) [known[2], known[3]] = [state, list[i + 2] as number];
    }
  }
  list.length = 0;
}
