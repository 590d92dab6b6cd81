/**
 * Pseudorandom numbers that are the same on every machine: xoshiro128** on 32-bit integers, its state filled from the
 * seed by SplitMix32, so that neighbouring seeds give unrelated numbers.
 *
 * Not for secrets. Period 2^128 - 1. Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators"
 * (2021); Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
 */

/** Seeds are whole numbers from 0 to this one. */
export const MAX_SEED = 0xffffffff;

export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    const fill = splitMix(seed);
    this.#a = fill();
    this.#b = fill();
    this.#c = fill();
    this.#d = fill();
  }

  /** The next whole number from 0 to 2^32 - 1. */
  next(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** A whole number from 0 up to below `bound` (1 to 2^32), each equally likely. */
  below(bound: number): number {
    // Numbers past the last whole multiple would make the low ones likelier.
    const whole = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const number = this.next();
      if (number < whole) return number % bound;
    }
  }

  /** Puts the first `count` entries of a list into an order that is as likely as any other. */
  shuffle(list: Int32Array, count = list.length): void {
    for (let i = count - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const other = list[j]!;
      list[j] = list[i]!;
      list[i] = other;
    }
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function splitMix(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
