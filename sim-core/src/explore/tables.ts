/** What the inner loop works with: flat arrays, so that workers can have them too. */
import type { CanonicalTables } from './reduce/canonical.ts';

/** Everything that the inner loop looks at. */
export interface Tables {
  /** 32-bit words of a packed state. */
  readonly words: number;
  /** Moves of actors and those that must happen come first; what the environment may do begins here. */
  readonly environmentFrom: number;
  readonly moves: number;
  readonly firstMove: Int32Array;
  readonly moveCount: Int32Array;
  /** {@link Compiled}. */
  readonly roots: Int32Array;
  readonly nodes: Int32Array;
  readonly effects: Uint32Array;
  readonly remarkable: Uint8Array;
  readonly jointOf: Int32Array;
  readonly joint: Int32Array;
  readonly footprints: Uint32Array;
  /** Questions that are no moves. */
  readonly judgementMove: number;
  readonly placesMove: number;
  readonly rankMove: number;
  /** Per leaf: words of memory whose versions it writes, as bits. */
  readonly rewritten: Int32Array;
  /** Words of memory whose versions are counted by their order, one below the other. */
  readonly ranked: Int32Array;
  /** Are there plans? */
  readonly planning: boolean;
  /** Per leaf of the question for the places: its plan, or -1. */
  readonly planOfLeaf: Int32Array;
  /** Per plan: bits to keep, then bits to set. */
  readonly planMasks: Uint32Array;
  /** Per plan: words of memory whose versions must be counted anew, as bits. */
  readonly planRanks: Int32Array;
  /** Per plan and move: 1 when the move changes nothing that matters. */
  readonly planIdle: Uint8Array;
  /** Per plan: where its actors that may go alone stand in `alone`. */
  readonly planAlone: Int32Array;
  /** A count, then per candidate: the actor, a count, and the actors that must not be able to move. */
  readonly alone: Int32Array;
  readonly canonical: CanonicalTables | undefined;
  /** Are there sleep sets? */
  readonly sleeping: boolean;
  /** Moves that no renaming of CPUs changes, as bits. */
  readonly unnamed: number;
}

/** Where states are stored, as far as expanding them needs. */
export interface States {
  read(state: number, into: Uint32Array): void;
  open: number;
  sleep(state: number): number;
  prepare(hashes: Uint32Array, count: number): void;
  insert(from: Uint32Array, at: number, hash: number, parent: number, move: number, sleep: number): number;
}
