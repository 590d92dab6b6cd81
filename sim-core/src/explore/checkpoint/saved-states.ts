/** Stored states as arrays for a checkpoint, and back into a store of any kind that keeps the same of them. */

import { toEnd } from '../../to-end.ts';
import { FingerprintStore } from '../states/fingerprint-store.ts';
import { HOLE, hashWords, type Store } from '../states/store.ts';
import type { CheckpointArray, InPieces } from './checkpoint.ts';
import { damaged } from './saved-knowledge.ts';

type Arrays = Readonly<Record<string, CheckpointArray>>;

/** States of a piece: what is held twice while a checkpoint is written. */
const PIECE = 1 << 14;

/** The new number of each state once numbers that are not states are left out; also of the one after the last. */
export type Numbering = (state: number) => number;

/** Numbers that were given out and not used are left out, so that a store without such can take the states. */
export function numberingOf(store: Store): Numbering {
  const holes: number[] = [];
  if (store.holes > 0)
    for (let state = 0; state < store.count; state++) if (store.parent(state) === HOLE) holes.push(state);
  return (state) => {
    let [low, high] = [0, holes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holes[middle]! < state) low = middle + 1;
      else high = middle;
    }
    return state - low;
  };
}

/** Sleep sets are kept from a state on; those of states that were expanded are not asked for any more. */
export function saveStates(
  store: Store,
  number: Numbering,
  sleepFrom: number,
): Readonly<Record<string, CheckpointArray | InPieces>> {
  if (store instanceof FingerprintStore) return store.save();
  const { words } = store;
  const read = new Uint32Array(words);
  const each = (
    type: InPieces['type'],
    size: number,
    put: (state: number, into: CheckpointArray, at: number) => void,
    first = 0,
  ): InPieces => ({
    type,
    length: (number(store.count) - number(first)) * size,
    *pieces() {
      for (let from = first; from < store.count; from += PIECE) {
        const piece = new PIECES[type](Math.min(PIECE, store.count - from) * size);
        let at = 0;
        for (let state = from; state < Math.min(from + PIECE, store.count); state++) {
          if (store.parent(state) === HOLE) continue;
          put(state, piece, at);
          at += size;
        }
        yield piece.subarray(0, at);
      }
    },
  });
  return {
    states: each('u32', words, (state, into, at) => {
      store.read(state, read);
      into.set(read, at);
    }),
    sleeps: each(
      'u32',
      1,
      (state, into, at) => {
        into[at] = store.sleep(state);
      },
      sleepFrom,
    ),
    parents: each('i32', 1, (state, into, at) => {
      const parent = store.parent(state);
      into[at] = parent < 0 ? parent : number(parent);
    }),
    moves: each('u16', 1, (state, into, at) => {
      into[at] = store.move(state);
    }),
  };
}

const PIECES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array } as const;

/** Puts the states into an empty store. */
export function restoreStates(store: Store, arrays: Arrays): void {
  if (store instanceof FingerprintStore) {
    store.restore(arrays);
    return;
  }
  const { states, sleeps, parents, moves } = arrays;
  if (!states || !sleeps || !parents || !moves) throw damaged();
  const { words } = store;
  const sleepFrom = parents.length - sleeps.length;
  const record = new Uint32Array(words);
  for (let number = 0; number < parents.length; number++) {
    const more = Math.min(PIECE, parents.length - number);
    if (number % PIECE === 0 && !store.hasRoom(more)) toEnd(store.reserving(more));
    for (let i = 0; i < words; i++) record[i] = states[number * words + i]!;
    const sleep = number < sleepFrom ? 0 : sleeps[number - sleepFrom]!;
    const hash = hashWords(record, 0, words);
    const given = store.insert(record, 0, hash, parents[number]!, moves[number]!, sleep);
    if (given !== number) throw damaged();
  }
}
