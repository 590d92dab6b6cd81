/**
 * Stored states in shared memory, for several workers at once.
 *
 * A new state is written to a number of its own first and then published in the hash set by one compare-and-exchange;
 * who loses keeps its number for the next new state. At the end of a level a number that was not used stays a hole.
 * The room is fixed while workers run; who finds it full says so, and it is enlarged between two levels.
 */
import { FULL, HOLE, hashWords, NUMBER_MASK, type Store } from './store.ts';

/** The buffers behind a store, as a worker gets them. */
export interface SharedBuffers {
  readonly words: number;
  readonly sleeping: boolean;
  readonly control: SharedArrayBuffer;
  readonly states: SharedArrayBuffer;
  readonly parents: SharedArrayBuffer;
  readonly moves: SharedArrayBuffer;
  readonly table: SharedArrayBuffer;
}

/** Places in the control buffer. */
export const CONTROL = { count: 0, holes: 1, cursor: 2, stop: 3, full: 4, size: 8 } as const;

const FIRST_CAPACITY = 1 << 16;
/** Places of the hash set for each state that there is room for: at most half of them are used. */
const TABLE_FACTOR = 2;

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
  /** A number that was taken and not used yet, or -1. */
  #spare = -1;
  touched = 0;

  constructor(from: number, sleeping: boolean);
  constructor(from: SharedBuffers);
  constructor(from: number | SharedBuffers, sleeping = false) {
    this.#buffers =
      typeof from === 'number'
        ? allocate(from, sleeping, FIRST_CAPACITY, new SharedArrayBuffer(4 * CONTROL.size))
        : from;
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
    return this.#control[CONTROL.count] as number;
  }

  get holes(): number {
    return this.#control[CONTROL.holes] as number;
  }

  get capacity(): number {
    return this.#parents.length;
  }

  get bytes(): number {
    // Untouched room costs nothing but addresses.
    return this.count * (this.#stride * 4 + 6) + this.#table.byteLength;
  }

  parent(state: number): number {
    return this.#parents[state] as number;
  }

  move(state: number): number {
    return this.#moves[state] as number;
  }

  read(state: number, into: Uint32Array): void {
    const { words } = this;
    const at = state * this.#stride;
    for (let i = 0; i < words; i++) into[i] = this.#states[at + i] as number;
  }

  matches(state: number, words: Uint32Array): boolean {
    const at = state * this.#stride;
    return words.every((word, i) => word === this.#states[at + i]);
  }

  /** All are kept. */
  release(): void {}

  sleep(state: number): number {
    return this.#sleeping ? (this.#states[state * this.#stride + this.words] as number) : 0;
  }

  prepare(hashes: Uint32Array, count: number): void {
    const mask = this.#table.length - 1;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const number = ((this.#table[(hashes[i] as number) & mask] as number) & NUMBER_MASK) - 1;
      if (number >= 0) sum += this.#states[number * this.#stride] as number;
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
          mine = this.#take();
          if (mine < 0) return FULL;
          for (let i = 0; i < words; i++) states[mine * stride + i] = from[at + i] as number;
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
        if (mine >= 0) this.#spare = mine;
        if (stride !== words && number >= this.open) Atomics.and(states, there + words, sleep);
        return number;
      }
      place = (place + 1) & mask;
    }
  }

  /** What was taken and not used becomes a hole. Every worker calls this at the end of a level. */
  settle(): void {
    if (this.#spare < 0) return;
    this.#parents[this.#spare] = HOLE;
    this.#spare = -1;
    Atomics.add(this.#control, CONTROL.holes, 1);
  }

  /** Makes room for so many states more. Only while nobody else works. */
  reserve(more: number): void {
    const wanted = this.count + more;
    if (wanted <= this.capacity) return;
    let capacity = this.capacity;
    while (capacity < wanted) capacity *= 2;
    const old = { states: this.#states, parents: this.#parents, moves: this.#moves };
    this.#buffers = allocate(this.words, this.#sleeping, capacity, this.#buffers.control);
    this.#view();
    this.#states.set(old.states);
    this.#parents.set(old.parents);
    this.#moves.set(old.moves);
    this.#rehash();
  }

  relayout(words: number, translate: (from: Uint32Array, at: number, to: Uint32Array, toAt: number) => void): void {
    const old = {
      states: this.#states,
      parents: this.#parents,
      moves: this.#moves,
      words: this.words,
      stride: this.#stride,
    };
    this.words = words;
    this.#buffers = allocate(words, this.#sleeping, this.capacity, this.#buffers.control);
    this.#view();
    this.#parents.set(old.parents);
    this.#moves.set(old.moves);
    const stride = strideOf(this.#buffers);
    this.#stride = stride;
    for (let state = 0; state < this.count; state++) {
      translate(old.states, state * old.stride, this.#states, state * stride);
      if (stride !== words) this.#states[state * stride + words] = old.states[state * old.stride + old.words] as number;
    }
    this.#rehash();
  }

  #take(): number {
    if (this.#spare >= 0) {
      const spare = this.#spare;
      this.#spare = -1;
      return spare;
    }
    const mine = Atomics.add(this.#control, CONTROL.count, 1);
    if (mine < this.capacity) return mine;
    Atomics.sub(this.#control, CONTROL.count, 1);
    Atomics.store(this.#control, CONTROL.full, 1);
    return -1;
  }

  #rehash(): void {
    const table = this.#table;
    const mask = table.length - 1;
    for (let state = 0; state < this.count; state++) {
      if (this.#parents[state] === HOLE) continue;
      const hash = hashWords(this.#states, state * this.#stride, this.words);
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

function allocate(words: number, sleeping: boolean, capacity: number, control: SharedArrayBuffer): SharedBuffers {
  return {
    words,
    sleeping,
    control,
    states: new SharedArrayBuffer(capacity * strideOf({ words, sleeping }) * 4),
    parents: new SharedArrayBuffer(capacity * 4),
    moves: new SharedArrayBuffer(capacity * 2),
    table: new SharedArrayBuffer(capacity * TABLE_FACTOR * 4),
  };
}
