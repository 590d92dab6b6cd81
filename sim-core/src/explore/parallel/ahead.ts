/**
 * The search's side of exploration with messages: sends the states of a large level to workers, slice by slice, and
 * stores what they answer in the order of the states. Where a worker did not know enough the search continues by itself.
 *
 * What was sent is worth nothing any more once states are packed in another way, or the search restarts.
 */
import type { Tables } from '../expander.ts';
import type { Store } from '../states/store.ts';
import type { LevelWorker } from './level-worker.ts';
import { EXPANDED, type SliceDone } from './slices.ts';

/** How far the search is, and with what it works. */
export interface SearchAhead {
  readonly tables: Tables;
  readonly space: { readonly store: Store; readonly relayouts: number };
  readonly levelEnd: number;
}

/** Slices that a worker has at a time: it need not wait for the next while the search is busy. */
const DEEP = 2;
const LARGEST_SLICE = 512;
const SMALLEST_SLICE = 64;
/** Slices of a level for each worker at least: the last one should not keep the others waiting for long. */
const SLICES = 4;
/** Places of the hash set that are touched before they are needed. */
const PREPARED = 64;

interface SentSlice {
  readonly first: number;
  readonly end: number;
  /** Undefined until the worker has answered; null when it never will. */
  done: SliceDone | null | undefined;
}

/** What a worker was told last. */
interface WorkerKnowledge {
  tables: Tables | undefined;
  /** The states that these tables are for. */
  store: Store | undefined;
  relayouts: number;
  /** It has met something that it did not know. */
  lacks: boolean;
}

export class Ahead {
  /** As those of an {@link Expander}, of the state that was expanded last. */
  readonly noted: number[] = [];
  readonly stuck: number[] = [];
  /** Moves made in it. */
  made = 0;
  /** States that workers expanded. */
  expanded = 0;
  /** There is nothing to do until a worker answers. */
  waiting = false;
  readonly #workers: readonly LevelWorker[];
  readonly #sharedLevel: number;
  readonly #knows: WorkerKnowledge[];
  /** What each worker has not answered yet. */
  readonly #pending: Map<number, SentSlice>[];
  readonly #withdrawn = new Set<number>();
  #ids = 0;
  #slices: SentSlice[] = [];
  /** The next state that is to be sent, and the end of its level. */
  #next = 0;
  #levelEnd = 0;
  #size = LARGEST_SLICE;
  #store: Store | undefined;
  #relayouts = -1;
  /** States before this one need not wait. */
  #ready = 0;
  // Of the slice at hand: the distinct successors' numbers, and how far its stuck states were counted.
  #numbers = new Int32Array(0);
  #judged = 0;

  constructor(workers: readonly LevelWorker[], sharedLevel: number) {
    this.#workers = workers;
    this.#sharedLevel = sharedLevel;
    this.#knows = workers.map(() => ({ tables: undefined, store: undefined, relayouts: -1, lacks: true }));
    this.#pending = workers.map(() => new Map());
  }

  /** The search reaches a state. False when it has to wait until a worker has answered. */
  ready(state: number, search: SearchAhead): boolean {
    const { store, relayouts } = search.space;
    if (state < this.#ready && store === this.#store && relayouts === this.#relayouts) return true;
    if (search.levelEnd !== this.#levelEnd || store !== this.#store || relayouts !== this.#relayouts) {
      this.#begin(state, search);
    }
    while (this.#slices.length > 0 && state >= this.#slices[0]!.end) this.#leave();
    // Workers that still had other things to do have not kept the search from continuing.
    if (this.#slices.length === 0) this.#next = Math.max(this.#next, state);
    this.#send(search);
    const slice = this.#slices[0];
    this.waiting = slice !== undefined && slice.done === undefined;
    if (slice) this.#ready = this.waiting ? state : slice.end;
    else this.#ready = this.#next >= this.#levelEnd ? this.#levelEnd : state;
    return !this.waiting;
  }

  /** Stores what a worker found for a state; false when none found it out. */
  expand(state: number, levelEnd: number): boolean {
    const slice = this.#slices[0];
    const store = this.#store;
    if (!slice?.done || !store || state < slice.first || state >= slice.end) return false;
    const { done } = slice;
    const i = state - slice.first;
    const kind = done.kinds[i];
    if (kind === EXPANDED.not) return false;
    if (this.#numbers.length !== done.hashes.length) this.#numbers = new Int32Array(done.hashes.length);
    const end = done.ends[i]!;
    const begin = i === 0 ? 0 : done.ends[i - 1]!;
    if (kind === EXPANDED.stuck) this.stuck.push(state, done.judgements[this.#judged++]!, end - begin);
    store.open = levelEnd;
    const farthest = this.#insert(store, done, state, begin, end, kind === EXPANDED.stuck);
    // An actor that goes alone must lead farther than its state; else the others have to move, too.
    if (kind === EXPANDED.reduced && farthest < levelEnd) return false;
    const notedEnd = done.notedEnds[i]!;
    for (let k = i === 0 ? 0 : done.notedEnds[i - 1]!; k < notedEnd; k += 2)
      this.noted.push(done.noted[k]!, state, done.noted[k + 1]!);
    this.made = done.made[i]!;
    this.expanded++;
    return true;
  }

  receive(worker: number, done: SliceDone): void {
    const pending = this.#pending[worker]!;
    const sent = pending.get(done.id);
    if (!sent) throw new Error(`worker ${worker} answers what it was not asked`);
    pending.delete(done.id);
    if (done.kinds.includes(EXPANDED.not)) this.#knows[worker]!.lacks = true;
    sent.done = done;
    if (sent === this.#slices[0]) this.waiting = false;
  }

  /** Workers that have not answered all that they were sent. */
  get owing(): number[] {
    return this.#pending.flatMap((sent, worker) => (sent.size > 0 && !this.#withdrawn.has(worker) ? [worker] : []));
  }

  /** A worker that is not there, or not any more. What it was sent the search does itself. */
  withdraw(worker: number): void {
    this.#withdrawn.add(worker);
    for (const sent of this.#pending[worker]?.values() ?? []) {
      sent.done = null;
      if (sent === this.#slices[0]) this.waiting = false;
    }
  }

  #insert(store: Store, done: SliceDone, state: number, begin: number, end: number, isStuck: boolean): number {
    const { which, moves, sleeps, words, hashes } = done;
    const width = store.words;
    const numbers = this.#numbers;
    const sleeping = sleeps.length > 0;
    let farthest = -1;
    for (let k = begin; k < end; k++) {
      const distinct = which[k]!;
      if (distinct % PREPARED === 0)
        store.prepare(hashes.subarray(distinct), Math.min(PREPARED, hashes.length - distinct));
      let number = numbers[distinct]! - 1;
      if (number < 0) {
        const sleep = sleeping ? sleeps[k]! : 0;
        number = store.insert(words, distinct * width, hashes[distinct]!, state, moves[k]!, sleep);
        numbers[distinct] = number + 1;
      }
      if (number > farthest) farthest = number;
      if (isStuck) this.stuck.push(number);
    }
    return farthest;
  }

  /** At another level, or at the same one with other states. */
  #begin(state: number, { space, levelEnd }: SearchAhead): void {
    this.#slices = [];
    this.#atNewSlice();
    this.#store = space.store;
    this.#relayouts = space.relayouts;
    this.#levelEnd = levelEnd;
    const workers = this.#workers.length - this.#withdrawn.size;
    this.#next = workers > 0 && levelEnd - state >= this.#sharedLevel ? state : levelEnd;
    const even = Math.ceil((levelEnd - state) / (SLICES * Math.max(1, workers)));
    this.#size = Math.min(LARGEST_SLICE, Math.max(SMALLEST_SLICE, even));
  }

  #leave(): void {
    this.#slices.shift();
    this.#atNewSlice();
  }

  #atNewSlice(): void {
    this.#numbers = new Int32Array(0);
    this.#judged = 0;
  }

  /** Gives every worker what to do, in turns. */
  #send(search: SearchAhead): void {
    for (let depth = 1; depth <= DEEP; depth++) {
      this.#workers.forEach((worker, i) => {
        const pending = this.#pending[i]!;
        if (this.#next >= this.#levelEnd || pending.size >= depth || this.#withdrawn.has(i)) return;
        this.#teach(i, worker, search);
        // The first message shows whether it can be started at all.
        if (this.#withdrawn.has(i)) return;
        const sent: SentSlice = {
          first: this.#next,
          end: Math.min(this.#next + this.#size, this.#levelEnd),
          done: undefined,
        };
        this.#next = sent.end;
        this.#slices.push(sent);
        pending.set(++this.#ids, sent);
        this.#post(worker, this.#ids, sent, search);
      });
    }
  }

  /** Tables are large: what was learned meanwhile is told to those who lack something, or could take it for something else. */
  #teach(index: number, worker: LevelWorker, { tables, space: { store, relayouts } }: SearchAhead): void {
    const known = this.#knows[index]!;
    const same = known.store === store && known.relayouts === relayouts;
    if (known.tables === tables || (same && known.tables?.canonical === tables.canonical && !known.lacks)) return;
    this.#knows[index] = { tables, store, relayouts, lacks: false };
    worker.post({ kind: 'tables', tables }, []);
  }

  #post(worker: LevelWorker, id: number, { first, end }: SentSlice, { tables, space }: SearchAhead): void {
    const count = end - first;
    const { store } = space;
    const words = new Uint32Array(count * store.words);
    const sleeps = new Uint32Array(tables.sleeping ? count : 0);
    for (let i = 0; i < count; i++) {
      store.read(first + i, words.subarray(i * store.words, (i + 1) * store.words));
      if (tables.sleeping) sleeps[i] = store.sleep(first + i);
    }
    worker.post({ kind: 'slice', id, first, count, words, sleeps }, [words.buffer, sleeps.buffer]);
  }
}
