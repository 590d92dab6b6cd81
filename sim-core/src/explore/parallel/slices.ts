/**
 * Parts of a level that are sent to workers where memory cannot be shared, and what they answer.
 *
 * A worker gets the words of some states that follow each other, and finds their successors. It stores nothing: it sends
 * each distinct successor once, and the search inserts them in the order in which it would have found them itself. So
 * nothing depends on who expanded what, not even the numbers of states.
 */
import { Expander, type States, type Tables } from '../expander.ts';

export interface Slice {
  readonly kind: 'slice';
  /** Names the answer. */
  readonly id: number;
  /** The number of the first state; the others follow it. */
  readonly first: number;
  readonly count: number;
  /** The words of the states, one after another. */
  readonly words: Uint32Array;
  /** Their sleep sets; empty without any. */
  readonly sleeps: Uint32Array;
}

/** What became of a state of a slice. */
export const EXPANDED = { not: 0, all: 1, reduced: 2, stuck: 3 } as const;

/** Successors follow each other, state by state. */
export interface SliceDone {
  readonly kind: 'slice';
  readonly id: number;
  /** Per state: one of {@link EXPANDED}. */
  readonly kinds: Uint8Array;
  /** Per state: moves made, its end among the successors, and its end among the noted. */
  readonly made: Int32Array;
  readonly ends: Int32Array;
  readonly notedEnds: Int32Array;
  /** Effect and move of each noteworthy effect. */
  readonly noted: Int32Array;
  /** Per state that is stuck: the effect of its judgement. */
  readonly judgements: Int32Array;
  /** Per successor: which of the distinct ones it is, the move that leads there, and the moves asleep after it. */
  readonly which: Int32Array;
  readonly moves: Uint16Array;
  readonly sleeps: Uint32Array;
  /** Per distinct successor: its words and their hash. */
  readonly words: Uint32Array;
  readonly hashes: Uint32Array;
}

/** What of an answer can be handed over. */
export function transferOf(done: SliceDone): ArrayBuffer[] {
  return Object.values(done).flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []));
}

/** Finds the successors of the states of slices. */
export class SliceExpander {
  readonly #expander: Expander;
  readonly #found: FoundStates;

  constructor(tables: Tables) {
    this.#found = new FoundStates(tables.words);
    this.#expander = new Expander(tables, this.#found);
  }

  expand(slice: Slice): SliceDone {
    const { count, first, id } = slice;
    const found = this.#found;
    const expander = this.#expander;
    found.begin(slice);
    const kinds = new Uint8Array(count);
    const made = new Int32Array(count);
    const ends = new Int32Array(count);
    const notedEnds = new Int32Array(count);
    const noted: number[] = [];
    const judgements: number[] = [];
    for (let i = 0; i < count; i++) {
      const [before, successors] = [expander.transitions, found.length];
      if (expander.expand(first + i, first)) {
        const stuck = expander.stuck.length > 0;
        if (stuck) judgements.push(expander.stuck[1]!);
        for (let k = 0; k < expander.noted.length; k += 3) noted.push(expander.noted[k]!, expander.noted[k + 2]!);
        kinds[i] = stuck ? EXPANDED.stuck : expander.reduced ? EXPANDED.reduced : EXPANDED.all;
        made[i] = expander.transitions - before;
      } else found.length = successors;
      expander.stuck.length = 0;
      expander.noted.length = 0;
      ends[i] = found.length;
      notedEnds[i] = noted.length;
    }
    return {
      kind: 'slice',
      id,
      kinds,
      made,
      ends,
      notedEnds,
      noted: Int32Array.from(noted),
      judgements: Int32Array.from(judgements),
      ...found.end(),
    };
  }
}

const FIRST_SUCCESSORS = 1 << 13;
const NOBODY = -1;

/** Instead of a store: reads the states of a slice, and remembers what would be inserted. */
class FoundStates implements States {
  open = 0;
  /** Successors so far. */
  length = 0;
  readonly #words: number;
  #slice: Slice | undefined;
  #which = new Int32Array(FIRST_SUCCESSORS);
  #moves = new Uint16Array(FIRST_SUCCESSORS);
  #sleeps = new Uint32Array(FIRST_SUCCESSORS);
  /** Distinct successors: their number, words, hashes, and the sleep set of the first way to each. */
  #distinct = 0;
  #states: Uint32Array;
  #hashes = new Uint32Array(FIRST_SUCCESSORS);
  #firstSleep = new Uint32Array(FIRST_SUCCESSORS);
  /** A hash set of the distinct ones. */
  #table = new Int32Array(2 * FIRST_SUCCESSORS).fill(NOBODY);

  constructor(words: number) {
    this.#words = words;
    this.#states = new Uint32Array(FIRST_SUCCESSORS * words);
  }

  begin(slice: Slice): void {
    this.#slice = slice;
    this.length = 0;
    this.#distinct = 0;
    this.#table.fill(NOBODY);
  }

  end(): Pick<SliceDone, 'which' | 'moves' | 'sleeps' | 'words' | 'hashes'> {
    const { length } = this;
    const distinct = this.#distinct;
    return {
      which: this.#which.slice(0, length),
      moves: this.#moves.slice(0, length),
      sleeps: this.#sleeps.slice(0, this.#slice!.sleeps.length > 0 ? length : 0),
      words: this.#states.slice(0, distinct * this.#words),
      hashes: this.#hashes.slice(0, distinct),
    };
  }

  read(state: number, into: Uint32Array): void {
    const { words, first } = this.#slice!;
    const at = (state - first) * this.#words;
    for (let i = 0; i < this.#words; i++) into[i] = words[at + i]!;
  }

  sleep(state: number): number {
    const { sleeps, first } = this.#slice!;
    return sleeps[state - first] ?? 0;
  }

  prepare(): void {}

  /** Every successor counts as new here: whether it is, the search finds out. */
  insert(from: Uint32Array, at: number, hash: number, _parent: number, move: number, sleep: number): number {
    if (this.length === this.#which.length || this.#distinct === this.#hashes.length) this.#grow();
    const which = this.#numberOf(from, at, hash, sleep);
    this.#which[this.length] = which;
    this.#moves[this.length] = move;
    this.#sleeps[this.length++] = sleep;
    return this.open + which;
  }

  #numberOf(from: Uint32Array, at: number, hash: number, sleep: number): number {
    const words = this.#words;
    const table = this.#table;
    const states = this.#states;
    const mask = table.length - 1;
    let place = hash & mask;
    for (let known = table[place]!; known !== NOBODY; known = table[place]!) {
      let i = 0;
      while (i < words && states[known * words + i] === from[at + i]) i++;
      // A way after which more has to be done than after the first one has to be told.
      if (i === words && (this.#firstSleep[known]! & ~sleep) === 0) return known;
      place = (place + 1) & mask;
    }
    const number = this.#distinct++;
    table[place] = number;
    for (let i = 0; i < words; i++) states[number * words + i] = from[at + i]!;
    this.#hashes[number] = hash;
    this.#firstSleep[number] = sleep;
    return number;
  }

  #grow(): void {
    const length = 2 * this.#which.length;
    this.#which = grown(this.#which, new Int32Array(length));
    this.#moves = grown(this.#moves, new Uint16Array(length));
    this.#sleeps = grown(this.#sleeps, new Uint32Array(length));
    this.#states = grown(this.#states, new Uint32Array(length * this.#words));
    this.#hashes = grown(this.#hashes, new Uint32Array(length));
    this.#firstSleep = grown(this.#firstSleep, new Uint32Array(length));
    this.#table = new Int32Array(2 * length).fill(NOBODY);
    const mask = this.#table.length - 1;
    for (let number = 0; number < this.#distinct; number++) {
      let place = this.#hashes[number]! & mask;
      while (this.#table[place] !== NOBODY) place = (place + 1) & mask;
      this.#table[place] = number;
    }
  }
}

function grown<A extends Int32Array | Uint16Array | Uint32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
