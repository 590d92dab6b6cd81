/**
 * Sleep sets, in the state that is being expanded: which moves need not be made after another one, because the state
 * that both lead to is reached by making them the other way round.
 *
 * Two moves commute in a state when neither changes a bit that the other reads or writes. What a move changes is seen by
 * making it; what it reads and writes is what was learned. Both then do the same in either order, findings included.
 *
 * Source: Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", chapter 5.
 */

import type { Tables } from '../expander.ts';
import { DISABLED, effectOf, UNMET } from '../learn/compiled.ts';
import { SLEEPERS } from '../states/store.ts';

export class Covered {
  readonly #tables: Tables;
  readonly #current: Uint32Array;
  readonly #answers: Int32Array;
  /** Moves whose order with later ones is covered: they, their effects, and the bits that they change. */
  readonly #moves = new Int32Array(SLEEPERS);
  readonly #effects = new Int32Array(SLEEPERS);
  readonly #changes: Uint32Array;
  #count = 0;

  /** `current` and `answers`: the state that is expanded and what its moves were found to do, whichever they are. */
  constructor(tables: Tables, current: Uint32Array, answers: Int32Array) {
    this.#tables = tables;
    this.#current = current;
    this.#answers = answers;
    this.#changes = new Uint32Array((SLEEPERS + 1) * tables.words);
  }

  /** Begins with the moves that are asleep in the state. */
  begin(asleep: number): void {
    this.#count = 0;
    for (let move = 0; move < SLEEPERS && asleep >>> move !== 0; move++) {
      const answer = this.#answers[move]!;
      if ((asleep & (1 << move)) === 0 || answer === DISABLED) continue;
      this.#change(effectOf(answer));
      this.#keep(move, effectOf(answer));
    }
  }

  /** Takes a move that is made. The moves that need not be made after it, as bits. */
  add(move: number, effect: number): number {
    this.#change(effect);
    const sleep = this.#commuting(effect);
    if (move < SLEEPERS) this.#keep(move, effect);
    return sleep;
  }

  #keep(move: number, effect: number): void {
    this.#moves[this.#count] = move;
    this.#effects[this.#count++] = effect;
  }

  /** Puts the bits that an effect changes after those of the covered moves. */
  #change(effect: number): void {
    const { words, effectMasks, jointOf } = this.#tables;
    const mask = effect * 2 * words;
    const place = this.#count * words;
    for (let i = 0; i < words; i++) {
      const old = this.#current[i]!;
      const then = (old & effectMasks[mask + i]!) | effectMasks[mask + words + i]!;
      this.#changes[place + i] = old ^ then;
    }
    if (jointOf[effect] !== 0) this.#changeJoint(jointOf[effect]!, place);
  }

  /** The same for the joint values that come out by tables. */
  #changeJoint(tables: number, place: number): void {
    const { joint } = this.#tables;
    const changes = this.#changes;
    let table = tables;
    for (let left = joint[table++]!; left > 0; left--) {
      const field = joint[table]!;
      const word = field & 255;
      const shift = (field >>> 8) & 31;
      const mask = field >>> 13;
      const old = (this.#current[word]! >>> shift) & mask;
      const then = joint[table + 1 + old]!;
      // What was never met could be anything.
      const changed = then === UNMET ? mask : old ^ then;
      changes[place + word] = (changes[place + word]! & ~(mask << shift)) | (changed << shift);
      table += mask + 2;
    }
  }

  /** The covered moves that an effect, whose changes follow theirs, commutes with. */
  #commuting(effect: number): number {
    const { words, footprints } = this.#tables;
    const changes = this.#changes;
    const mine = this.#count * words;
    const footprint = effect * words;
    let sleep = 0;
    for (let k = 0; k < this.#count; k++) {
      const other = this.#effects[k]! * words;
      const place = k * words;
      let met = 0;
      for (let i = 0; i < words; i++) {
        met |= (changes[mine + i]! & footprints[other + i]!) | (changes[place + i]! & footprints[footprint + i]!);
      }
      if (met === 0) sleep |= 1 << this.#moves[k]!;
    }
    return sleep;
  }
}
