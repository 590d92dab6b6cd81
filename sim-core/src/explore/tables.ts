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
  readonly effectMasks: Uint32Array;
  readonly noteworthy: Uint8Array;
  readonly jointOf: Int32Array;
  readonly joint: Int32Array;
  readonly footprints: Uint32Array;
  /** Questions that are not moves. */
  readonly judgementMove: number;
  readonly locationsMove: number;
  readonly rankMove: number;
  /** Per effect: words of memory whose versions it writes, as bits. */
  readonly rewritten: Int32Array;
  /** Words of memory whose versions are counted by their order, one below the other. */
  readonly ranked: Int32Array;
  /** Are there prunings? */
  readonly pruning: boolean;
  /** Per effect of the question for the locations: its pruning, or -1. */
  readonly pruningOfEffect: Int32Array;
  /** Per pruning: bits to keep, then bits to set. */
  readonly pruningMasks: Uint32Array;
  /** Per pruning: words of memory whose versions must be recounted, as bits. */
  readonly pruningRanks: Int32Array;
  /** Per pruning and move: 1 when the move changes nothing that matters. */
  readonly pruningIdle: Uint8Array;
  /** Per pruning: where its actors that may go alone are in `persistent`. */
  readonly pruningPersistent: Int32Array;
  /** A count, then per candidate: the actor, a count, and the actors that must not be able to move. */
  readonly persistent: Int32Array;
  readonly canonical: CanonicalTables | undefined;
  /** Are there sleep sets? */
  readonly sleeping: boolean;
  /** Where a packed state says who moved last: a word, bits to shift, a mask, then per code an actor, or -1. */
  readonly lastMover: Int32Array | undefined;
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
