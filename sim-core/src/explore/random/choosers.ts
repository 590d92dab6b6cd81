/** The two ways of drawing the next move of a random run. Both make the move that they draw. */
import type { Prng } from '../prng.ts';
import type { Walker } from './walker.ts';

export interface Chooser {
  /** Makes the next move while somebody can move; -1 when nothing was possible. */
  next(): number;
  /** Makes one of the moves that only the environment may make; -1 when none is possible. */
  idle(): number;
}

/** Each possible move is as likely as any other. */
export class Uniform implements Chooser {
  readonly #walker: Walker;
  readonly #random: Prng;
  readonly #all: Int32Array;
  readonly #idle: Int32Array;

  constructor(walker: Walker, random: Prng) {
    this.#walker = walker;
    this.#random = random;
    // Own lists, in the same order for every run: a run depends on nothing but its seed.
    this.#all = Int32Array.from([...walker.lively, ...walker.idle]);
    this.#idle = walker.idle.slice();
  }

  next(): number {
    return this.#draw(this.#all);
  }

  idle(): number {
    return this.#draw(this.#idle);
  }

  /** Draws without putting back until one is possible, which is a fair draw among those that are. */
  #draw(moves: Int32Array): number {
    for (let left = moves.length; left > 0; left--) {
      const at = this.#random.below(left);
      const move = moves[at]!;
      moves[at] = moves[left - 1]!;
      moves[left - 1] = move;
      if (this.#walker.make(move)) return move;
    }
    return -1;
  }
}

/** Probabilistic concurrency testing: strict priorities, with `depth - 1` moments at which the one that moves falls back. */
export class Priorities implements Chooser {
  readonly #walker: Walker;
  readonly #random: Prng;
  readonly #length: number;
  readonly #byChance: Uniform;
  /** Movers, the highest priority first: each is the list of an actor's alternatives, or one thing that is on its way. */
  readonly #movers: Int32Array[];
  /** Moments (numbers of moves) at which the highest that can move drops to the lowest priority, ascending. */
  readonly #falls: number[];
  /** What the environment is going to be offered, and when; ascending. */
  readonly #offers: { readonly moment: number; readonly move: number }[];
  #moment = 0;
  /** The mover that moved last, and how often in a row. */
  #last: Int32Array | undefined;
  #repeated = 0;

  constructor(walker: Walker, random: Prng, pct: { readonly depth: number; readonly length: number }) {
    this.#walker = walker;
    this.#random = random;
    this.#length = pct.length;
    this.#byChance = new Uniform(walker, random);
    const movers = moversOf(walker);
    const order = Int32Array.from(movers, (_, index) => index);
    random.shuffle(order);
    this.#movers = [...order].map((index) => movers[index]!);
    this.#falls = Array.from({ length: pct.depth - 1 }, () => random.below(pct.length)).sort((a, b) => a - b);
    const offers = [...walker.idle].map((move) => ({
      move,
      taken: random.below(2) === 0,
      moment: random.below(pct.length),
    }));
    this.#offers = offers.filter(({ taken }) => taken).sort((a, b) => a.moment - b.moment || a.move - b.move);
  }

  next(): number {
    while ((this.#offers[0]?.moment ?? Number.POSITIVE_INFINITY) <= this.#moment) {
      const offer = this.#offers.shift();
      if (offer && this.#walker.make(offer.move)) return this.#made(offer.move);
    }
    while ((this.#falls[0] ?? Number.POSITIVE_INFINITY) <= this.#moment) {
      this.#falls.shift();
      const highest = this.#movers.find((mover) => mover.some((move) => this.#walker.enabled(move)));
      if (highest) this.#fall(highest);
    }
    for (const mover of [...this.#movers]) {
      const move = this.#moveOf(mover);
      if (move < 0) continue;
      this.#repeated = mover === this.#last ? this.#repeated + 1 : 1;
      this.#last = mover;
      if (this.#repeated >= this.#length) {
        this.#repeated = 0;
        this.#fall(mover);
      }
      return this.#made(move);
    }
    return this.#byChance.idle();
  }

  idle(): number {
    return this.#byChance.idle();
  }

  #made(move: number): number {
    this.#moment++;
    return move;
  }

  /** At a `choose`, alternatives are tried from a random one on. */
  #moveOf(mover: Int32Array): number {
    const first = mover.length > 1 ? this.#random.below(mover.length) : 0;
    for (let i = 0; i < mover.length; i++) {
      const move = mover[(first + i) % mover.length]!;
      if (this.#walker.make(move)) return move;
    }
    return -1;
  }

  #fall(mover: Int32Array): void {
    this.#movers.splice(this.#movers.indexOf(mover), 1);
    this.#movers.push(mover);
  }
}

function moversOf({ lively, executor }: Walker): Int32Array[] {
  const movers = new Map<number, number[]>();
  for (const index of lively) {
    const move = executor.model.moves[index];
    // Actors count from 0 upwards, what is on its way from -1 downwards.
    const key = move?.kind === 'actor' ? move.actor : -1 - index;
    movers.set(key, [...(movers.get(key) ?? []), index]);
  }
  return [...movers.values()].map((moves) => Int32Array.from(moves));
}
