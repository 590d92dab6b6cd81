/**
 * States of which no more than a fingerprint is kept once they are expanded. The words of those that are still to be
 * expanded are there, and so are those of the first states, so that the packing may change while everything is new.
 *
 * Bytes per state: 8 for the fingerprint, 4 for the parent, 2 for the move and 5 to 7.5 in the hash set; 4 a word more
 * for those that are still to be expanded. An entry of the set is the number of a state plus one, with bits of its
 * fingerprint above it. The place in it is a share of the range of the fingerprint's lower half, so that the set may
 * have any size.
 *
 * Sleep sets follow the words: they are not asked for any more once a state is expanded.
 */
import { toEnd } from '../../to-end.ts';
import type { CheckpointArray, InPieces } from '../checkpoint/checkpoint.ts';
import { Fingerprints } from './fingerprints.ts';
import { NUMBER_MASK, type Rewriting, SLICE_STATES, type Store } from './store.ts';

const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK - 1;
const FIRST_TABLE = 1 << 12;
/** The set grows by this factor when more than this share of it is used. */
const GROWTH = 1.5;
const FULLEST = 0.8;
/** Whatever has been asked for, no more than this share is used. */
const FULL = 0.9;
const RANGE = 2 ** 32;
/** So many states are remembered with their words whatever happens: some twenty megabytes, and few layouts change later. */
const REMEMBERED = 1 << 20;

/** States whose words are gone would have to be rewritten. The search restarts with what it has learned. */
export class StatesForgotten extends Error {
  override readonly name = 'StatesForgotten';
}

export class FingerprintStore implements Store {
  words: number;
  open = 0;
  count = 0;
  readonly holes = 0;
  readonly #remembered: number;
  readonly #sleeping: boolean;
  /** Words of a record: those of the state, and its sleep set. */
  #stride: number;
  #fingerprints: Fingerprints;
  /** States below this number are read no more; chunks that hold no others are gone. */
  #kept = 0;
  #chunks: (Uint32Array | undefined)[] = [];
  #low: Uint32Array[] = [];
  #high: Uint32Array[] = [];
  #parents: Int32Array[] = [];
  #moves: Uint16Array[] = [];
  #table = new Int32Array(FIRST_TABLE);

  /** `remembered`: so many states keep their words. */
  constructor(words: number, sleeping: boolean, remembered = REMEMBERED) {
    this.words = words;
    this.#sleeping = sleeping;
    this.#stride = words + (sleeping ? 1 : 0);
    this.#remembered = remembered;
    this.#fingerprints = new Fingerprints(words);
  }

  get bytes(): number {
    const chunks = this.#chunks.length;
    return (
      chunks * CHUNK * 14 + (chunks - (this.#kept >>> CHUNK_BITS)) * CHUNK * this.#stride * 4 + this.#table.byteLength
    );
  }

  /** Are there states whose words are gone, or count as gone? */
  get hasForgotten(): boolean {
    return this.#kept > 0;
  }

  parent(state: number): number {
    return this.#parents[state >>> CHUNK_BITS]![state & CHUNK_MASK]!;
  }

  move(state: number): number {
    return this.#moves[state >>> CHUNK_BITS]![state & CHUNK_MASK]!;
  }

  read(state: number, into: Uint32Array): void {
    const { words } = this;
    const chunk = this.#chunks[state >>> CHUNK_BITS];
    if (!chunk || state < this.#kept) throw new Error(`the words of state ${state} are gone`);
    const at = (state & CHUNK_MASK) * this.#stride;
    for (let i = 0; i < words; i++) into[i] = chunk[at + i]!;
  }

  /** Is it the state with these words? As far as fingerprints tell. */
  matches(state: number, words: Uint32Array): boolean {
    this.#fingerprints.take(words, 0);
    return (
      this.#low[state >>> CHUNK_BITS]?.[state & CHUNK_MASK] === this.#fingerprints.low &&
      this.#high[state >>> CHUNK_BITS]?.[state & CHUNK_MASK] === this.#fingerprints.high
    );
  }

  sleep(state: number): number {
    if (!this.#sleeping) return 0;
    return this.#chunks[state >>> CHUNK_BITS]![(state & CHUNK_MASK) * this.#stride + this.words]!;
  }

  /** Places depend on fingerprints, which are not known before states are inserted. */
  prepare(): void {}

  hasRoom(): boolean {
    return this.count <= this.#table.length * FULLEST;
  }

  growth(): number {
    return Math.ceil(this.#table.length * GROWTH) * this.#table.BYTES_PER_ELEMENT;
  }

  *reserving(): Generator<void, void> {
    yield* this.#rehashing(Math.ceil(this.#table.length * GROWTH), this.#low, this.#high);
  }

  insert(from: Uint32Array, at: number, _hash: number, parent: number, move: number, sleep: number): number {
    const fingerprints = this.#fingerprints;
    fingerprints.take(from, at);
    const { low, high } = fingerprints;
    const table = this.#table;
    const tag = high & ~NUMBER_MASK;
    let place = Math.floor((low / RANGE) * table.length);
    for (;;) {
      const entry = table[place]!;
      if (entry === 0) break;
      if ((entry & ~NUMBER_MASK) === tag) {
        const state = (entry & NUMBER_MASK) - 1;
        const chunk = state >>> CHUNK_BITS;
        const there = state & CHUNK_MASK;
        if (this.#low[chunk]![there] === low && this.#high[chunk]![there] === high) {
          if (this.#sleeping && state >= this.open) {
            const stored = this.#chunks[chunk]!;
            const place = there * this.#stride + this.words;
            stored[place] = stored[place]! & sleep;
          }
          return state;
        }
      }
      place = place + 1 === table.length ? 0 : place + 1;
    }
    const state = this.count++;
    table[place] = tag | (state + 1);
    if ((state & CHUNK_MASK) === 0) this.#grow();
    const chunk = state >>> CHUNK_BITS;
    const there = state & CHUNK_MASK;
    const { words } = this;
    const stored = this.#chunks[chunk]!;
    const record = there * this.#stride;
    for (let i = 0; i < words; i++) stored[record + i] = from[at + i]!;
    if (this.#sleeping) stored[record + words] = sleep;
    this.#low[chunk]![there] = low;
    this.#high[chunk]![there] = high;
    this.#parents[chunk]![there] = parent;
    this.#moves[chunk]![there] = move;
    // Nobody made room in time.
    if (this.count > table.length * FULL) toEnd(this.reserving());
    return state;
  }

  release(before: number): void {
    if (this.count < this.#remembered || before <= this.#kept) return;
    for (let chunk = this.#kept >>> CHUNK_BITS; chunk < before >>> CHUNK_BITS; chunk++) this.#chunks[chunk] = undefined;
    this.#kept = before;
  }

  /** For a checkpoint; {@link restore} takes it back into an empty store of as many words. */
  save(): Readonly<Record<string, CheckpointArray | InPieces>> {
    const { count } = this;
    const kept = this.#kept;
    const stride = this.#stride;
    const whole = (type: InPieces['type'], chunks: readonly CheckpointArray[]): InPieces => ({
      type,
      length: count,
      pieces: () => chunks.map((chunk, index) => chunk.subarray(0, count - index * CHUNK)),
    });
    const chunks = this.#chunks;
    return {
      low: whole('u32', this.#low),
      high: whole('u32', this.#high),
      parents: whole('i32', this.#parents),
      moves: whole('u16', this.#moves),
      kept: Uint32Array.of(kept),
      states: {
        type: 'u32',
        length: (count - kept) * stride,
        *pieces() {
          for (let index = kept >>> CHUNK_BITS; index < chunks.length; index++) {
            const first = index * CHUNK;
            const records = chunks[index]!.subarray(0, (count - first) * stride);
            yield records.subarray(Math.max(0, kept - first) * stride);
          }
        },
      },
    };
  }

  restore({ low, high, parents, moves, kept: first, states }: Readonly<Record<string, CheckpointArray>>): void {
    const kept = first?.[0] ?? 0;
    if (!low || !high || !parents || !moves || !states) throw new RangeError('these are not states of fingerprints');
    this.#kept = kept;
    for (let from = 0; from < low.length; from += CHUNK) {
      this.#grow();
      const index = from >>> CHUNK_BITS;
      this.#low[index]!.set(low.subarray(from, from + CHUNK));
      this.#high[index]!.set(high.subarray(from, from + CHUNK));
      this.#parents[index]!.set(parents.subarray(from, from + CHUNK));
      this.#moves[index]!.set(moves.subarray(from, from + CHUNK));
      if (from + CHUNK <= kept) this.#chunks[index] = undefined;
      else {
        const begin = Math.max(from, kept);
        const records = states.subarray((begin - kept) * this.#stride, (from + CHUNK - kept) * this.#stride);
        this.#chunks[index]!.set(records, (begin - from) * this.#stride);
      }
    }
    this.count = low.length;
    let size = FIRST_TABLE;
    while (this.count > size * FULLEST) size = Math.ceil(size * GROWTH);
    toEnd(this.#rehashing(size, this.#low, this.#high));
  }

  /** Throws {@link StatesForgotten} when there are states that cannot be rewritten. */
  *rewriting(words: number, translate: Rewriting): Generator<void, void> {
    if (this.hasForgotten) throw new StatesForgotten();
    const old = { words: this.words, stride: this.#stride };
    const stride = words + (this.#sleeping ? 1 : 0);
    const fingerprints = new Fingerprints(words);
    const chunks: Uint32Array[] = [];
    const low: Uint32Array[] = [];
    const high: Uint32Array[] = [];
    for (const chunk of this.#chunks as Uint32Array[]) {
      if (chunks.length > 0) yield;
      const fresh = new Uint32Array(CHUNK * stride);
      const [freshLow, freshHigh] = [new Uint32Array(CHUNK), new Uint32Array(CHUNK)];
      const here = Math.min(CHUNK, this.count - chunks.length * CHUNK);
      for (let i = 0; i < here; i++) {
        const asleep = translate(chunk, i * old.stride, fresh, i * stride);
        if (this.#sleeping) fresh[i * stride + words] = chunk[i * old.stride + old.words]! & asleep;
        fingerprints.take(fresh, i * stride);
        freshLow[i] = fingerprints.low;
        freshHigh[i] = fingerprints.high;
      }
      chunks.push(fresh);
      low.push(freshLow);
      high.push(freshHigh);
    }
    yield* this.#rehashing(this.#table.length, low, high);
    this.words = words;
    this.#stride = stride;
    this.#fingerprints = fingerprints;
    this.#chunks = chunks;
    this.#low = low;
    this.#high = high;
  }

  #grow(): void {
    this.#chunks.push(new Uint32Array(CHUNK * this.#stride));
    this.#low.push(new Uint32Array(CHUNK));
    this.#high.push(new Uint32Array(CHUNK));
    this.#parents.push(new Int32Array(CHUNK));
    this.#moves.push(new Uint16Array(CHUNK));
  }

  *#rehashing(size: number, lows: readonly Uint32Array[], highs: readonly Uint32Array[]): Generator<void, void> {
    const table = new Int32Array(size);
    for (let state = 0; state < this.count; state++) {
      if (state % SLICE_STATES === SLICE_STATES - 1) yield;
      const low = lows[state >>> CHUNK_BITS]![state & CHUNK_MASK]!;
      const high = highs[state >>> CHUNK_BITS]![state & CHUNK_MASK]!;
      let place = Math.floor((low / RANGE) * size);
      while (table[place] !== 0) place = place + 1 === size ? 0 : place + 1;
      table[place] = (high & ~NUMBER_MASK) | (state + 1);
    }
    this.#table = table;
  }
}
