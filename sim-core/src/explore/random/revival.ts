/**
 * Can the environment let an actor move again that cannot move now? Asked of a stuck state from which the environment
 * leads to so many others that not all of them are looked at.
 *
 * Whether an actor can move depends on the slots that it reads when it tries. So two states that agree in these, and in
 * what the environment's moves read that write them, need not be distinguished. Which slots these are is seen by trying;
 * what was seen once is kept for all states of the model.
 */
import { Executor } from '../../engine/executor.ts';
import type { Granularity, Model } from '../../engine/model.ts';
import { ModelLimit } from '../../limits.ts';
import { TracingMachine } from '../learn/tracing.ts';

/** States that differ in something that matters, at most. */
const MAX_STATES = 4096;

interface Try {
  readonly enabled: boolean;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

export class Revival {
  readonly #machine: TracingMachine;
  readonly #executor: Executor;
  readonly #granularity: Granularity;
  /** Slots that decide whether somebody can move, now or after what the environment does. */
  readonly #relevant = new Set<number>();
  /** Per move of the environment: what it was ever seen to read and to write. */
  readonly #reads = new Map<number, Set<number>>();
  readonly #writes = new Map<number, Set<number>>();
  readonly #lively: Int32Array;
  readonly #idle: Int32Array;

  /** `lively` are moves that must not become possible, `idle` those that the environment may make. */
  constructor(model: Model, granularity: Granularity, lively: Int32Array, idle: Int32Array) {
    this.#machine = new TracingMachine(model.layout);
    this.#executor = new Executor(model, this.#machine);
    this.#granularity = granularity;
    this.#lively = lively;
    this.#idle = idle;
  }

  /** Does no actor move again? False too when more states matter than are looked at. */
  isFinal(state: Int32Array): boolean {
    for (;;) {
      const known = this.#relevant.size;
      const final = this.#search(state);
      // With more slots that matter, states that were taken for one may differ.
      if (!final || this.#relevant.size === known) return final;
    }
  }

  #search(first: Int32Array): boolean {
    const slots = [...this.#relevant];
    const key = (): string => slots.map((slot) => this.#machine.raw[slot]).join();
    this.#machine.raw.set(first);
    const states = new Map([[key(), first]]);
    for (const state of states.values()) {
      this.#machine.raw.set(state);
      for (const move of this.#lively) {
        const { enabled, reads } = this.#try(move, 'micro');
        this.#machine.rewind(0);
        if (enabled) return false;
        for (const slot of reads) this.#relevant.add(slot);
      }
      for (const move of this.#idle) {
        this.#take(move);
        const then = key();
        if (!states.has(then)) states.set(then, this.#machine.raw.slice());
        this.#machine.rewind(0);
      }
      if (states.size > MAX_STATES) return false;
      this.#close();
    }
    return true;
  }

  /** Makes a move of the environment if it is possible, and notes what it touches. */
  #take(move: number): void {
    const { enabled, reads, writes } = this.#try(move, this.#granularity);
    const [allReads, allWrites] = [setOf(this.#reads, move), setOf(this.#writes, move)];
    for (const slot of reads) allReads.add(slot);
    for (const slot of writes) allWrites.add(slot);
    // What it would do is not known, so what keeps it from it matters.
    if (!enabled) for (const slot of reads) this.#relevant.add(slot);
  }

  /** What moves read that write something that matters, matters. */
  #close(): void {
    for (let before = -1; before !== this.#relevant.size; ) {
      before = this.#relevant.size;
      for (const [move, writes] of this.#writes) {
        if (![...writes].some((slot) => this.#relevant.has(slot))) continue;
        for (const slot of setOf(this.#reads, move)) this.#relevant.add(slot);
      }
    }
  }

  #try(move: number, granularity: Granularity): Try {
    const machine = this.#machine;
    machine.begin();
    let enabled: boolean;
    try {
      enabled = this.#executor.move(move, granularity);
    } catch (error) {
      if (!(error instanceof ModelLimit)) throw error;
      enabled = true;
    }
    return { enabled, reads: [...machine.reads], writes: machine.writes() };
  }
}

function setOf(sets: Map<number, Set<number>>, key: number): Set<number> {
  const known = sets.get(key) ?? new Set();
  sets.set(key, known);
  return known;
}
