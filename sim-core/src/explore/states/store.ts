/**
 * Stored states: words, parent and move of each, in the order of discovery, and a hash set of their numbers.
 *
 * The order of discovery is the queue of the breadth-first search. Bytes per state: 4 a word, 4 for the parent, 2 for
 * the move, and 6.4 to 12.8 in the hash set (25.6 after a step of four), which grows when it is five eighths full. An
 * entry of the set is the number of a state plus one, with bits of its hash above it: most states that only share a place
 * need not be looked at.
 *
 * With sleep sets, a word more for each state: the moves that need not be made in it, as bits. A state that is reached
 * again keeps only those that need not be made after either way.
 */

import { toEnd } from '../../to-end.ts';

/** States come in chunks, so that growing never copies them. */
const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK - 1;
const FIRST_TABLE = 1 << 12;
/**
 * The hash set doubles, and between these sizes becomes four times as large: every state is hashed again each time, which
 * is little work for smaller ones and much room for larger ones.
 */
const MEDIUM_TABLE = 1 << 19;
const LARGE_TABLE = 1 << 21;
/** Bits of an entry that are a number; those above are of the hash. */
export const NUMBER_BITS = 26;
export const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
/** States that can be numbered. */
export const MAX_NUMBERED = NUMBER_MASK - 1;

/** A parent that is none: the number was given out and not used. */
export const HOLE = -2;
/** Instead of a number: there was no room. */
export const FULL = -3;

/** Sleep sets hold the first so many moves. */
export const SLEEPERS = 32;

/** Reads the words of the old kind and writes those of the new. The bits of its sleep set that stay right. */
export type Rewriting = (from: Uint32Array, at: number, to: Uint32Array, toAt: number) => number;

/** All of a sleep set. */
export const WHOLE_SLEEP = -1;

/** Where states are stored. */
export interface Store {
  readonly words: number;
  /** States from this number on are of the next level: what they need not do may still become less. */
  open: number;
  /** Numbers given out, in the order of discovery; `holes` of them are not states. */
  readonly count: number;
  readonly holes: number;
  readonly bytes: number;
  parent(state: number): number;
  move(state: number): number;
  read(state: number, into: Uint32Array): void;
  /** Has the state these words? */
  matches(state: number, words: Uint32Array): boolean;
  /** States below this number will not be read any more. */
  release(before: number): void;
  prepare(hashes: Uint32Array, count: number): void;
  /**
   * The number of the state whose words are at `at`; a new one gets the next number. Or {@link FULL}. `sleep` are the
   * moves that need not be made after this way.
   */
  insert(from: Uint32Array, at: number, hash: number, parent: number, move: number, sleep: number): number;
  /** The moves that need not be made in a state, as bits; 0 without sleep sets. */
  sleep(state: number): number;
  /** Can so many states more be stored as fast as before? */
  hasRoom(more: number): boolean;
  /** Bytes that making room for so many states more takes, beside those that are held until it is over. */
  growth(more: number): number;
  /** Makes room for so many states more, in slices. Nothing is inserted before it is over. */
  reserving(more: number): Generator<void, void>;
  /** Rewrites every state, in slices. Until it is over the states are there as before, and none is inserted. */
  rewriting(words: number, translate: Rewriting): Generator<void, void>;
}

/** States that are rewritten or hashed again in one slice: some milliseconds. */
export const SLICE_STATES = 1 << 14;

export class StateStore implements Store {
  words: number;
  count = 0;
  open = 0;
  readonly holes = 0;
  /** Words of a record: those of the state, and its sleep set. */
  #stride: number;
  readonly #sleeping: boolean;
  #chunks: Uint32Array[] = [];
  #parents: Int32Array[] = [];
  #moves: Uint16Array[] = [];
  #table = new Int32Array(FIRST_TABLE);
  #mask = FIRST_TABLE - 1;
  /** Keeps the loads of `prepare` from being optimised away. */
  touched = 0;
  #entries = new Int32Array(1 << 16);

  constructor(words: number, sleeping: boolean) {
    this.words = words;
    this.#sleeping = sleeping;
    this.#stride = words + (sleeping ? 1 : 0);
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK * (this.#stride * 4 + 6) + this.#table.byteLength;
  }

  parent(state: number): number {
    return this.#parents[state >>> CHUNK_BITS]![state & CHUNK_MASK]!;
  }

  move(state: number): number {
    return this.#moves[state >>> CHUNK_BITS]![state & CHUNK_MASK]!;
  }

  read(state: number, into: Uint32Array): void {
    const { words } = this;
    const chunk = this.#chunks[state >>> CHUNK_BITS]!;
    const at = (state & CHUNK_MASK) * this.#stride;
    for (let i = 0; i < words; i++) into[i] = chunk[at + i]!;
  }

  matches(state: number, words: Uint32Array): boolean {
    const chunk = this.#chunks[state >>> CHUNK_BITS]!;
    const at = (state & CHUNK_MASK) * this.#stride;
    return words.every((word, i) => word === chunk[at + i]);
  }

  /** All are kept. */
  release(): void {}

  sleep(state: number): number {
    if (!this.#sleeping) return 0;
    return this.#chunks[state >>> CHUNK_BITS]![(state & CHUNK_MASK) * this.#stride + this.words]!;
  }

  /** Touches the memory that inserting states with these hashes will need, so that the cache misses overlap. */
  prepare(hashes: Uint32Array, count: number): void {
    const table = this.#table;
    const mask = this.#mask;
    const stride = this.#stride;
    let sum = 0;
    for (let i = 0; i < count; i++) this.#entries[i] = table[hashes[i]! & mask]!;
    for (let i = 0; i < count; i++) {
      const number = (this.#entries[i]! & NUMBER_MASK) - 1;
      if (number >= 0) sum ^= this.#chunks[number >>> CHUNK_BITS]![(number & CHUNK_MASK) * stride]!;
    }
    this.touched = sum;
  }

  insert(from: Uint32Array, at: number, hash: number, parent: number, move: number, sleep: number): number {
    const { words } = this;
    const stride = this.#stride;
    const table = this.#table;
    const mask = this.#mask;
    const tag = hash & ~NUMBER_MASK;
    let place = hash & mask;
    for (;;) {
      const entry = table[place]!;
      if (entry === 0) break;
      if ((entry & ~NUMBER_MASK) !== tag) {
        place = (place + 1) & mask;
        continue;
      }
      const state = (entry & NUMBER_MASK) - 1;
      const chunk = this.#chunks[state >>> CHUNK_BITS]!;
      const there = (state & CHUNK_MASK) * stride;
      let i = words === 2 && chunk[there] === from[at] && chunk[there + 1] === from[at + 1] ? 2 : 0;
      while (i < words && chunk[there + i] === from[at + i]) i++;
      if (i === words) {
        if (stride !== words && state >= this.open) chunk[there + words] = chunk[there + words]! & sleep;
        return state;
      }
      place = (place + 1) & mask;
    }
    const state = this.count++;
    table[place] = tag | (state + 1);
    if ((state & CHUNK_MASK) === 0) this.#grow();
    const chunk = this.#chunks[state >>> CHUNK_BITS]!;
    const there = (state & CHUNK_MASK) * stride;
    for (let i = 0; i < words; i++) chunk[there + i] = from[at + i]!;
    if (stride !== words) chunk[there + words] = sleep;
    this.#parents[state >>> CHUNK_BITS]![state & CHUNK_MASK] = parent;
    this.#moves[state >>> CHUNK_BITS]![state & CHUNK_MASK] = move;
    // Nobody made room in time.
    if (this.count * 8 > table.length * 7) toEnd(this.reserving());
    return state;
  }

  hasRoom(): boolean {
    return this.count * 8 <= this.#table.length * 5;
  }

  growth(): number {
    const places = this.#table.length;
    return places * growthOf(places) * this.#table.BYTES_PER_ELEMENT;
  }

  *reserving(): Generator<void, void> {
    const places = this.#table.length;
    yield* this.#rehashing(places * growthOf(places), this.#chunks, this.words);
  }

  *rewriting(words: number, translate: Rewriting): Generator<void, void> {
    const old = { stride: this.#stride, words: this.words };
    const stride = words + old.stride - old.words;
    const chunks: Uint32Array[] = [];
    for (const chunk of this.#chunks) {
      if (chunks.length > 0) yield;
      const fresh = new Uint32Array(CHUNK * stride);
      const here = Math.min(CHUNK, this.count - chunks.length * CHUNK);
      for (let i = 0; i < here; i++) {
        const asleep = translate(chunk, i * old.stride, fresh, i * stride);
        if (this.#sleeping) fresh[i * stride + words] = chunk[i * old.stride + old.words]! & asleep;
      }
      chunks.push(fresh);
    }
    yield* this.#rehashing(this.#table.length, chunks, words);
    this.words = words;
    this.#stride = stride;
    this.#chunks = chunks;
  }

  #grow(): void {
    this.#chunks.push(new Uint32Array(CHUNK * this.#stride));
    this.#parents.push(new Int32Array(CHUNK));
    this.#moves.push(new Uint16Array(CHUNK));
  }

  *#rehashing(size: number, chunks: readonly Uint32Array[], words: number): Generator<void, void> {
    const table = new Int32Array(size);
    const mask = size - 1;
    const stride = words + this.#stride - this.words;
    for (let state = 0; state < this.count; state++) {
      if (state % SLICE_STATES === SLICE_STATES - 1) yield;
      const chunk = chunks[state >>> CHUNK_BITS]!;
      const hash = hashWords(chunk, (state & CHUNK_MASK) * stride, words);
      let place = hash & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = (hash & ~NUMBER_MASK) | (state + 1);
    }
    this.#table = table;
    this.#mask = mask;
  }
}

function growthOf(places: number): number {
  return places >= MEDIUM_TABLE && places < LARGE_TABLE ? 4 : 2;
}

/** A hash of some words; all its bits depend on all of theirs. */
export function hashWords(words: Uint32Array, at: number, count: number): number {
  let hash = 0x9e3779b9;
  for (let i = at; i < at + count; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  // Numbers of 32 bits with a sign need no object of their own.
  return hash ^ (hash >>> 13);
}

/** The same of two words. */
export function hashTwo(first: number, second: number): number {
  let hash = Math.imul(0x9e3779b9 ^ first, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ second, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
