/** Expands stored states with what is known, and learns what it lacks on the way. */

import { PAUSE, type SearchProgress } from './checkpoint/search-progress.ts';
import { Expander, type Tables, TOGETHER } from './expander.ts';
import type { Ahead } from './parallel/ahead.ts';
import type { Finality } from './results/finality.ts';
import type { Space } from './space.ts';
import { HOLE, StateStore } from './states/store.ts';

/** A noteworthy effect: of which move, in which state. False when it ends the search. */
export type OnNoted = (effect: number, state: number, move: number) => boolean;

export class Expansion {
  readonly #space: Space;
  readonly #finality: Finality;
  readonly #ahead: Ahead | undefined;
  readonly #onNoted: OnNoted;
  #expander: Expander;
  /** Moves that were made by others, and by expanders that were replaced. */
  #transitions = 0;
  #switching = false;

  constructor(space: Space, finality: Finality, ahead: Ahead | undefined, onNoted: OnNoted) {
    this.#space = space;
    this.#finality = finality;
    this.#ahead = ahead;
    this.#onNoted = onNoted;
    this.#expander = new Expander(space.tables(), space.store);
  }

  /** Moves made since the start. */
  get transitions(): number {
    return this.#transitions + this.#expander.transitions;
  }

  get tables(): Tables {
    return this.#expander.tables;
  }

  /** Only moves that are switches are made. */
  set switching(switching: boolean) {
    this.#switching = switching;
    this.#expander.switching = switching;
  }

  /** With what is known now. */
  renew(): void {
    this.#transitions = this.transitions;
    this.#expander = new Expander(this.#space.tables(), this.#space.store);
    this.#expander.switching = this.#switching;
  }

  /**
   * Expands the next states as far as all is known, up to the next pause, a number of stored or to be compared states or
   * of transitions, or a finding that ends the search. Their number.
   */
  some({ next, levelEnd, compareAt }: SearchProgress, maxStates: number, until: number): number {
    // Others find out what to do; searches that count switches look after each state whether there was one too many.
    if (this.#ahead || this.tables.lastMover !== undefined) return 0;
    const { store, model } = this.#space;
    const end = Math.min(levelEnd, next + PAUSE - (next % PAUSE));
    const room = maxStates - store.count > TOGETHER * model.moves.length;
    if (room && store instanceof StateStore && this.#expander.canExpandSome) {
      const expanded = this.#expander.expandSome(next, end, levelEnd);
      this.#note(this.#expander);
      if (expanded > 0) return expanded;
    }
    return this.#oneByOne(next, end, levelEnd, Math.min(maxStates, compareAt), until);
  }

  /** The inner loop of a search with prunings: a generator for each state would take a tenth of its time. */
  #oneByOne(next: number, end: number, levelEnd: number, most: number, until: number): number {
    const { store, model } = this.#space;
    const expander = this.#expander;
    let state = next;
    while (state < end && store.count < most && store.hasRoom(model.moves.length)) {
      if (store.parent(state) !== HOLE && !expander.expand(state, levelEnd)) break;
      state++;
      if (!this.#note(expander) || this.transitions >= until) break;
    }
    return state - next;
  }

  /** In slices, because learning may rewrite all states: expands one. */
  *one(state: number, levelEnd: number): Generator<void, void> {
    const space = this.#space;
    const { store } = space;
    if (store.parent(state) === HOLE) return;
    const ahead = this.#ahead;
    if (ahead?.expand(state, levelEnd)) {
      this.#transitions += ahead.made;
      this.#note(ahead);
      return;
    }
    yield* this.reserving();
    while (!this.#expander.expand(state, levelEnd)) {
      const { question, questionWords } = this.#expander;
      yield* space.answering(question, questionWords);
      this.renew();
    }
    this.#note(this.#expander);
  }

  /** Makes room for what a state may lead to. */
  *reserving(): Generator<void, void> {
    const { store, model } = this.#space;
    if (!store.hasRoom(model.moves.length)) yield* store.reserving(model.moves.length);
  }

  /** False when something ends the search. */
  #note({ noted, stuck }: Pick<Expander, 'noted' | 'stuck'>): boolean {
    let goesOn = true;
    for (let i = 0; i < noted.length; i += 3) goesOn = this.#onNoted(noted[i]!, noted[i + 1]!, noted[i + 2]!);
    if (noted.length > 0) noted.length = 0;
    if (stuck.length === 0) return goesOn;
    this.#finality.addAll(stuck);
    stuck.length = 0;
    return goesOn;
  }
}
