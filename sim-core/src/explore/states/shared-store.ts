/**
 * Stored states in shared memory, for several workers at once.
 *
 * A new state is written to a number of its own first and then published in the hash set by one compare-and-exchange;
 * who loses keeps its number for the next new state. Workers take numbers in blocks, so that they neither wait for each
 * other at the counter nor write to the same lines of the cache; what is not used of a block at the end of a level are
 * holes. The room is fixed while workers run; who finds it full
 * says so, and it is enlarged when all have paused.
 */
import { FULL, HOLE, hashWords, NUMBER_MASK, type Rewriting, SLICE_STATES, type Store } from './store.ts';

/** The buffers of a store, as a worker gets them. */
export interface SharedBuffers {
  readonly words: number;
  readonly sleeping: boolean;
  /** States that there is room for. */
  readonly room: number;
  readonly control: SharedArrayBuffer;
  readonly states: SharedArrayBuffer;
  readonly parents: SharedArrayBuffer;
  readonly moves: SharedArrayBuffer;
  readonly table: SharedArrayBuffer;
}

/** Places in the control buffer, each on a line of the cache of its own. */
export const CONTROL = { count: 0, holes: 16, cursor: 32, stop: 48, pause: 64, most: 80, size: 96 } as const;

/** Memory that is not touched costs addresses alone, so that there may be much from the start. */
const FIRST_CAPACITY = 1 << 20;
const FIRST_BYTES = 1 << 26;
const FIRST_PLACES = 1 << 16;
/** By what both grow: growing the hash set puts every state into it again. */
const GROWTH = 4;
/** At most this part of the hash set is used. */
const FULLEST = 5 / 8;
/** Numbers that a worker takes at a time. */
export const BLOCK = 64;

export class SharedStore implements Store {
  words: number;
  open = 0;
  /** Words of a record: those of the state, and its sleep set. */
  #stride: number;
  readonly #sleeping: boolean;
  #buffers: SharedBuffers;
  #control: Int32Array<SharedArrayBuffer>;
  #states!: Uint32Array<SharedArrayBuffer>;
  #parents!: Int32Array<SharedArrayBuffer>;
  #moves!: Uint16Array<SharedArrayBuffer>;
  #table!: Int32Array<SharedArrayBuffer>;
  /** Numbers that were taken: from here to there, all unused. */
  #free = 0;
  #freeEnd = 0;
  /** Others insert at the same time. */
  #together = false;
  /** Keeps the loads of `prepare` from being optimised away. */
  touched = 0;
  #entries = new Int32Array(1 << 12);

  constructor(from: number, sleeping: boolean);
  constructor(from: SharedBuffers);
  constructor(from: number | SharedBuffers, sleeping = false) {
    this.#buffers = typeof from === 'number' ? allocate(from, sleeping, firstCapacity(from), FIRST_PLACES, {}) : from;
    this.words = this.#buffers.words;
    this.#sleeping = this.#buffers.sleeping;
    this.#stride = strideOf(this.#buffers);
    this.#control = new Int32Array(this.#buffers.control);
    this.#view();
  }

  get buffers(): SharedBuffers {
    return this.#buffers;
  }

  get control(): Int32Array<SharedArrayBuffer> {
    return this.#control;
  }

  /** Numbers given out, holes included. */
  get count(): number {
    return this.#control[CONTROL.count]!;
  }

  get holes(): number {
    return this.#control[CONTROL.holes]!;
  }

  get bytes(): number {
    // Untouched room costs nothing but addresses.
    return this.count * (this.#stride * 4 + 6) + this.#table.byteLength;
  }

  parent(state: number): number {
    return this.#parents[state]!;
  }

  move(state: number): number {
    return this.#moves[state]!;
  }

  read(state: number, into: Uint32Array): void {
    const { words } = this;
    const at = state * this.#stride;
    for (let i = 0; i < words; i++) into[i] = this.#states[at + i]!;
  }

  matches(state: number, words: Uint32Array): boolean {
    const at = state * this.#stride;
    return words.every((word, i) => word === this.#states[at + i]);
  }

  /** All are kept. */
  release(): void {}

  sleep(state: number): number {
    return this.#sleeping ? this.#states[state * this.#stride + this.words]! : 0;
  }

  prepare(hashes: Uint32Array, count: number): void {
    const table = this.#table;
    const states = this.#states;
    const stride = this.#stride;
    const mask = table.length - 1;
    let sum = 0;
    for (let i = 0; i < count; i++) this.#entries[i] = table[hashes[i]! & mask]!;
    for (let i = 0; i < count; i++) {
      const number = (this.#entries[i]! & NUMBER_MASK) - 1;
      if (number >= 0) sum += states[number * stride]!;
    }
    this.touched = sum;
  }

  insert(from: Uint32Array, at: number, hash: number, parent: number, move: number, sleep: number): number {
    const { words } = this;
    const stride = this.#stride;
    const table = this.#table;
    const states = this.#states;
    const mask = table.length - 1;
    const tag = hash & ~NUMBER_MASK;
    let place = hash & mask;
    let mine = -1;
    for (;;) {
      let entry = Atomics.load(table, place);
      if (entry === 0) {
        if (mine < 0) {
          mine = this.#takeNumber();
          if (mine < 0) return FULL;
          for (let i = 0; i < words; i++) states[mine * stride + i] = from[at + i]!;
          if (stride !== words) states[mine * stride + words] = sleep;
          this.#parents[mine] = parent;
          this.#moves[mine] = move;
        }
        entry = Atomics.compareExchange(table, place, 0, tag | (mine + 1));
        if (entry === 0) return mine;
      }
      if ((entry & ~NUMBER_MASK) !== tag) {
        place = (place + 1) & mask;
        continue;
      }
      const number = (entry & NUMBER_MASK) - 1;
      const there = number * stride;
      let i = 0;
      while (i < words && states[there + i] === from[at + i]) i++;
      if (i === words) {
        // Somebody else was faster. The number was the last one taken.
        if (mine >= 0) this.#free = mine;
        if (stride !== words && number >= this.open) Atomics.and(states, there + words, sleep);
        return number;
      }
      place = (place + 1) & mask;
    }
  }

  /** Bytes that a state takes at most, its part of a hash set included that has just grown. */
  get bytesPerState(): number {
    return this.#stride * 4 + 6 + (4 * GROWTH) / FULLEST;
  }

  /** From here on others insert as well, until everybody has settled. */
  share(): void {
    this.#together = true;
  }

  /** What was taken and not used becomes holes. Every worker calls this at the end of its part of a level. */
  settle(): void {
    this.#together = false;
    const left = this.#freeEnd - this.#free;
    this.#parents.fill(HOLE, this.#free, this.#freeEnd);
    this.#free = this.#freeEnd;
    if (left > 0) Atomics.add(this.#control, CONTROL.holes, left);
  }

  hasRoom(more: number): boolean {
    return this.count + more <= this.#buffers.room;
  }

  growth(more: number): number {
    const { capacity, places } = this.#sizeFor(more);
    const copied = capacity > this.#parents.length ? this.count * (this.#stride * 4 + 6) : 0;
    return copied + (places > this.#table.length ? places * this.#table.BYTES_PER_ELEMENT : 0);
  }

  #sizeFor(more: number): { capacity: number; places: number } {
    const wanted = this.count + more;
    let capacity = this.#parents.length;
    while (capacity < wanted) capacity *= GROWTH;
    let places = this.#table.length;
    while (places * FULLEST < wanted) places *= GROWTH;
    return { capacity, places };
  }

  /** Only while no other thread works. */
  *reserving(more: number): Generator<void, void> {
    const { capacity, places } = this.#sizeFor(more);
    const old = this.#buffers;
    const buffers = allocate(this.words, this.#sleeping, capacity, places, old);
    if (buffers.states !== old.states) {
      const [states, parents, moves] = [
        new Uint32Array(buffers.states),
        new Int32Array(buffers.parents),
        new Uint16Array(buffers.moves),
      ];
      const stride = this.#stride;
      for (let from = 0; from < this.count; from += SLICE_STATES) {
        if (from > 0) yield;
        const to = Math.min(this.count, from + SLICE_STATES);
        states.set(this.#states.subarray(from * stride, to * stride), from * stride);
        parents.set(this.#parents.subarray(from, to), from);
        moves.set(this.#moves.subarray(from, to), from);
      }
    }
    if (buffers.table !== old.table) yield* this.#hashing(buffers);
    this.#take(buffers);
  }

  *rewriting(words: number, translate: Rewriting): Generator<void, void> {
    const from = { states: this.#states, words: this.words, stride: this.#stride };
    const { parents, moves, control } = this.#buffers;
    const capacity = this.#parents.length;
    const buffers = allocate(words, this.#sleeping, capacity, this.#table.length, { parents, moves, control });
    const states = new Uint32Array(buffers.states);
    const stride = strideOf(buffers);
    for (let state = 0; state < this.count; state++) {
      if (state % SLICE_STATES === SLICE_STATES - 1) yield;
      const asleep = translate(from.states, state * from.stride, states, state * stride);
      if (stride === words) continue;
      states[state * stride + words] = from.states[state * from.stride + from.words]! & asleep;
    }
    yield* this.#hashing(buffers);
    this.#take(buffers);
  }

  #take(buffers: SharedBuffers): void {
    this.#buffers = buffers;
    this.words = buffers.words;
    this.#stride = strideOf(buffers);
    this.#view();
  }

  #takeNumber(): number {
    if (this.#free === this.#freeEnd) {
      const wanted = this.#together ? BLOCK : 1;
      const { room } = this.#buffers;
      const most = this.#together ? Math.min(room, this.#control[CONTROL.most]!) : room;
      const from = Atomics.add(this.#control, CONTROL.count, wanted);
      if (from + wanted > most) {
        Atomics.sub(this.#control, CONTROL.count, wanted);
        Atomics.store(this.#control, CONTROL.pause, 1);
        return -1;
      }
      this.#free = from;
      this.#freeEnd = from + wanted;
    }
    return this.#free++;
  }

  /** Fills the empty hash set of other buffers for the states that are in these. */
  *#hashing(buffers: SharedBuffers): Generator<void, void> {
    const table = new Int32Array(buffers.table);
    const states = new Uint32Array(buffers.states);
    const mask = table.length - 1;
    const stride = strideOf(buffers);
    const { count } = this;
    for (let state = 0; state < count; state++) {
      if (state % SLICE_STATES === SLICE_STATES - 1) yield;
      if (this.#parents[state] === HOLE) continue;
      const hash = hashWords(states, state * stride, buffers.words);
      let place = hash & mask;
      while (table[place] !== 0) place = (place + 1) & mask;
      table[place] = (hash & ~NUMBER_MASK) | (state + 1);
    }
  }

  #view(): void {
    const { states, parents, moves, table } = this.#buffers;
    this.#states = new Uint32Array(states);
    this.#parents = new Int32Array(parents);
    this.#moves = new Uint16Array(moves);
    this.#table = new Int32Array(table);
  }
}

function strideOf({ words, sleeping }: Pick<SharedBuffers, 'words' | 'sleeping'>): number {
  return words + (sleeping ? 1 : 0);
}

function firstCapacity(words: number): number {
  let capacity = FIRST_CAPACITY;
  while (capacity * words * 4 > FIRST_BYTES && capacity > BLOCK) capacity /= 2;
  return capacity;
}

/** Buffers for so many states and places in the hash set. Those that there are already are kept when they have the size. */
function allocate(
  words: number,
  sleeping: boolean,
  capacity: number,
  places: number,
  known: Partial<SharedBuffers>,
): SharedBuffers {
  const buffer = (bytes: number, kept: SharedArrayBuffer | undefined): SharedArrayBuffer =>
    kept?.byteLength === bytes ? kept : new SharedArrayBuffer(bytes);
  return {
    words,
    sleeping,
    room: Math.min(capacity, Math.floor(places * FULLEST)),
    control: buffer(4 * CONTROL.size, known.control),
    states: buffer(capacity * strideOf({ words, sleeping }) * 4, known.states),
    parents: buffer(capacity * 4, known.parents),
    moves: buffer(capacity * 2, known.moves),
    table: buffer(places * 4, known.table),
  };
}
