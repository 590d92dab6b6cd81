/**
 * Fingerprints of packed states: 64 bits in two halves, by tabulation. Each byte of a state picks a number of a table of
 * its own, and all of them together are combined by exclusive or.
 *
 * Over tables drawn at random, two different states have the same fingerprint with a probability of exactly 2^-64,
 * whatever the states are (Zobrist, "A New Hashing Method with Application for Game Playing", 1970; Carter and Wegman,
 * "Universal Classes of Hash Functions", 1979). The tables here are drawn once, from a fixed seed: what is assumed is
 * that no scenario has to do with them.
 */
import { Prng } from '../prng.ts';

/** Bits of a fingerprint. */
export const FINGERPRINT_BITS = 64;
const BYTE_VALUES = 256;
const TABLE_SEED = 0x5eed;

/**
 * At most so likely is it that among that many states two have the same fingerprint, so that one of them was taken for
 * the other and missed: one in 2^64 for each pair.
 */
export function missProbability(states: number): number {
  return Math.min(1, ((states * (states - 1)) / 2) * 2 ** -FINGERPRINT_BITS);
}

export class Fingerprints {
  readonly #words: number;
  /** Per byte of a state and value of it. */
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  /** The halves of the fingerprint that was taken last, as 32-bit numbers without sign. */
  low = 0;
  high = 0;

  /** For states of so many words. */
  constructor(words: number) {
    this.#words = words;
    this.#low = new Uint32Array(words * 4 * BYTE_VALUES);
    this.#high = new Uint32Array(words * 4 * BYTE_VALUES);
    const random = new Prng(TABLE_SEED);
    for (let i = 0; i < this.#low.length; i++) {
      this.#low[i] = random.next();
      this.#high[i] = random.next();
    }
  }

  /** Puts the fingerprint of the state at `at` into `low` and `high`. */
  take(from: Uint32Array, at: number): void {
    let low = 0;
    let high = 0;
    for (let i = 0; i < this.#words; i++) {
      const word = from[at + i]!;
      const table = i * 4 * BYTE_VALUES;
      const a = table + (word & 255);
      const b = table + BYTE_VALUES + ((word >>> 8) & 255);
      const c = table + 2 * BYTE_VALUES + ((word >>> 16) & 255);
      const d = table + 3 * BYTE_VALUES + (word >>> 24);
      low ^= this.#low[a]! ^ this.#low[b]! ^ this.#low[c]! ^ this.#low[d]!;
      high ^= this.#high[a]! ^ this.#high[b]! ^ this.#high[c]! ^ this.#high[d]!;
    }
    this.low = low >>> 0;
    this.high = high >>> 0;
  }
}
