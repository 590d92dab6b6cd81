/**
 * A part of a level of a parallel exploration: expands states with tables that it is given. What it does not find in
 * them it hands back. It needs neither the model nor the scenario.
 *
 * With shared memory it takes states from the level and stores their successors itself ({@link LevelDone}). Without, it
 * is sent the states and answers with their successors ({@link SliceDone}).
 */
import { Expander, type Tables } from '../expander.ts';
import { CONTROL, type SharedBuffers, SharedStore } from '../states/shared-store.ts';
import { HOLE } from '../states/store.ts';
import { type Slice, type SliceDone, SliceExpander, transferOf } from './slices.ts';

export type ToLevelWorker =
  /** What to work with from now on; with the states, if they are in shared memory. */
  | { readonly kind: 'tables'; readonly tables: Tables; readonly buffers?: SharedBuffers }
  /** Expand the states up to `levelEnd`, from wherever the shared cursor is; new ones get numbers from there on. */
  | { readonly kind: 'level'; readonly levelEnd: number }
  | Slice
  /** The exploration is over: let go of its tables and states. */
  | { readonly kind: 'forget' };

export type FromLevelWorker = LevelDone | SliceDone;

/** A worker as the search sees it. */
export interface LevelWorker {
  readonly post: (message: ToLevelWorker, transfer: ArrayBuffer[]) => void;
}

export interface LevelDone {
  readonly kind: 'level';
  /** States that were expanded, and moves made in them. */
  readonly states: number;
  readonly transitions: number;
  /** Per noteworthy effect that was met: the effect, how often, and the first state and move. */
  readonly noted: readonly Noted[];
  /** {@link Expander.stuck}. */
  readonly stuck: readonly number[];
  /** States that could not be expanded with these tables, or for want of room. */
  readonly deferred: readonly number[];
}

type Noted = readonly [effect: number, times: number, state: number, move: number];

/** An answer, and what of it can be handed over instead of being copied. */
export interface LevelAnswer {
  readonly message: FromLevelWorker;
  readonly transfer: ArrayBuffer[];
}

/** States that are taken from the level at a time; before each portion it is looked whether to stop. */
const PORTION = 64;
/** When somebody has so many states that could not be expanded, all pause until the search has learned what is missing. */
const PATIENCE = 64;

/** What a worker does with each message. */
export function createLevelWorker(): (message: ToLevelWorker) => LevelAnswer | undefined {
  let part: LevelPart | undefined;
  let slices: SliceExpander | undefined;
  return (message) => {
    switch (message.kind) {
      case 'tables': {
        const { tables, buffers } = message;
        part = buffers && new LevelPart(tables, new SharedStore(buffers));
        slices = buffers ? undefined : new SliceExpander(tables);
        return undefined;
      }
      case 'level': {
        if (!part) throw new Error('a level without shared memory');
        part.begin(message.levelEnd);
        while (part.run(Number.POSITIVE_INFINITY)) {
          // To the end of the level.
        }
        return { message: part.end(), transfer: [] };
      }
      case 'slice': {
        if (!slices) throw new Error('a slice without tables');
        const done = slices.expand(message);
        return { message: done, transfer: transferOf(done) };
      }
      case 'forget': {
        part = undefined;
        slices = undefined;
        return undefined;
      }
    }
  };
}

/** What one of several does of a level in shared memory. */
export class LevelPart {
  readonly #states: SharedStore;
  readonly #expander: Expander;
  #levelEnd = 0;
  #before = 0;
  #expanded = 0;
  #deferred: number[] = [];
  #noted = new Map<number, [number, number, number, number]>();

  constructor(tables: Tables, states: SharedStore) {
    this.#states = states;
    this.#expander = new Expander(tables, states);
  }

  begin(levelEnd: number): void {
    this.#levelEnd = levelEnd;
    this.#before = this.#expander.transitions;
    this.#expanded = 0;
    this.#deferred = [];
    this.#noted = new Map();
    this.#states.share();
  }

  /** Makes about that many moves; false when there is nothing left to do. */
  run(moves: number): boolean {
    const { control } = this.#states;
    const end = this.#levelEnd;
    const until = this.#expander.transitions + moves;
    while (this.#expander.transitions < until) {
      if (Atomics.load(control, CONTROL.stop) !== 0 || Atomics.load(control, CONTROL.pause) !== 0) return false;
      const from = Atomics.add(control, CONTROL.cursor, PORTION);
      if (from >= end) return false;
      const to = Math.min(from + PORTION, end);
      for (let state = from; state < to; state++) this.#expand(state);
    }
    return true;
  }

  /** Nothing more is done of this level. */
  end(): LevelDone {
    this.#states.settle();
    const { transitions, stuck } = this.#expander;
    const done: LevelDone = {
      kind: 'level',
      states: this.#expanded,
      transitions: transitions - this.#before,
      noted: [...this.#noted.values()],
      stuck: [...stuck],
      deferred: this.#deferred,
    };
    stuck.length = 0;
    return done;
  }

  #expand(state: number): void {
    if (this.#states.parent(state) === HOLE) return;
    if (this.#expander.expand(state, this.#levelEnd)) this.#expanded++;
    else if (this.#deferred.push(state) === PATIENCE) Atomics.store(this.#states.control, CONTROL.pause, 1);
    const { noted } = this.#expander;
    for (let i = 0; i < noted.length; i += 3) this.#note(noted[i]!, noted[i + 1]!, noted[i + 2]!);
    noted.length = 0;
  }

  #note(effect: number, state: number, move: number): void {
    const known = this.#noted.get(effect);
    if (!known) this.#noted.set(effect, [effect, 1, state, move]);
    else {
      known[1]++;
      if (state < known[2]) [known[2], known[3]] = [state, move];
    }
  }
}
