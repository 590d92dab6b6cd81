/**
 * Slots that share one field, because what they hold goes together: all of a mapping's slots change at once,
 * a word's value in memory goes with its version. Joint values are numbered in the order in which they were met, as the
 * values of single slots are.
 */

export class Bundle {
  /** Per lane: its slots. Where renaming CPUs exchanges slots, there is a lane for each CPU; otherwise there is one. */
  readonly lanes: readonly (readonly number[])[];
  /** Per slot of a lane and joint value: the number of what the slot holds. */
  readonly parts: readonly number[][];
  readonly #numbers = new Map<string, number>();

  constructor(lanes: readonly (readonly number[])[]) {
    this.lanes = lanes;
    this.parts = lanes[0]!.map(() => []);
  }

  /** Joint values that were met. */
  get count(): number {
    return this.#numbers.size;
  }

  /** Bits that their numbers need. */
  get width(): number {
    return bitWidth(this.count);
  }

  /** The number of a joint value, or undefined when it was never met. */
  numberOf(values: readonly number[]): number | undefined {
    return this.#numbers.get(values.join());
  }

  add(values: readonly number[]): number {
    const key = values.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const code = this.#numbers.size;
    this.#numbers.set(key, code);
    values.forEach((value, member) => {
      this.parts[member]!.push(value);
    });
    return code;
  }
}

/** Bits that so many numbers need; at least one. */
export function bitWidth(count: number): number {
  return Math.max(1, 32 - Math.clz32(Math.ceil(count) - 1));
}

/** What may go into a bundle: slots that are already one, and what they hold in a sample of states. */
export interface Candidate {
  readonly lanes: readonly (readonly number[])[];
  /** Only candidates of one kind go together. */
  readonly kind: string;
  /** What it holds in each state of the sample, numbered in the order of appearance. */
  readonly codes: Int32Array;
  readonly count: number;
}

/** Bits of a joint number at most: a level of a decision tree has a branch for each. */
export const MAX_JOINT_WIDTH = 3;

/** The candidates, joined as long as that saves bits, those that save most first. */
export function joinedCandidates(candidates: readonly Candidate[]): Candidate[] {
  const all = sameGoTogether(candidates);
  const stamps = { marks: new Int32Array(1 << (2 * MAX_JOINT_WIDTH)), now: 0 };
  const counts = new Map<Candidate, Map<Candidate, number>>();
  for (;;) {
    let best: { a: Candidate; b: Candidate; score: number } | undefined;
    for (const [i, a] of all.entries()) {
      if (a.count > 1 << MAX_JOINT_WIDTH) continue;
      const known = counts.get(a) ?? new Map<Candidate, number>();
      counts.set(a, known);
      for (let j = i + 1; j < all.length; j++) {
        const b = all[j]!;
        if (b.kind !== a.kind || b.count > 1 << MAX_JOINT_WIDTH) continue;
        const count = known.get(b) ?? jointCount(a, b, stamps);
        known.set(b, count);
        if (count > 1 << MAX_JOINT_WIDTH) continue;
        const saved = bitWidth(a.count) + bitWidth(b.count) - bitWidth(count);
        if (saved <= 0) continue;
        // Where bits tell no difference: what is nearer to saving the next one, and the smaller one.
        const score = 10 * saved + Math.log2((a.count * b.count) / count) - bitWidth(count) / 2;
        if (!best || score > best.score) best = { a, b, score };
      }
    }
    if (!best) return all;
    const { a, b } = best;
    all.splice(all.indexOf(b), 1);
    all[all.indexOf(a)] = join(a, b);
  }
}

/** Those that always change together go together whatever they save: they cost nothing then. */
function sameGoTogether(candidates: readonly Candidate[]): Candidate[] {
  const byCodes = new Map<string, Candidate>();
  for (const candidate of candidates) {
    let hash = 0;
    for (const code of candidate.codes) hash = Math.imul(hash ^ code, 0x85ebca6b) ^ (hash >>> 15);
    let key = `${candidate.kind} ${candidate.count} ${hash}`;
    // Codes are numbered in the order of appearance, so what always changes together has the same ones.
    for (let same = byCodes.get(key); same; same = byCodes.get(key)) {
      const { codes } = same;
      if (candidate.codes.every((code, i) => code === codes[i])) break;
      key += "'";
    }
    const same = byCodes.get(key);
    byCodes.set(key, same ? { ...same, lanes: lanesOf(same, candidate) } : candidate);
  }
  return [...byCodes.values()];
}

/** Different joint values; more than the most that are of use are not counted. */
function jointCount(a: Candidate, b: Candidate, stamps: { marks: Int32Array; now: number }): number {
  const { marks } = stamps;
  const now = ++stamps.now;
  const most = 1 << MAX_JOINT_WIDTH;
  let count = 0;
  for (let i = 0; i < a.codes.length && count <= most; i++) {
    const key = (a.codes[i]! << MAX_JOINT_WIDTH) | b.codes[i]!;
    if (marks[key] === now) continue;
    marks[key] = now;
    count++;
  }
  return count;
}

function join(a: Candidate, b: Candidate): Candidate {
  const codes = a.codes.map((code, i) => code * b.count + b.codes[i]!);
  return { lanes: lanesOf(a, b), kind: a.kind, ...numbered(codes) };
}

function lanesOf(a: Candidate, b: Candidate): number[][] {
  return a.lanes.map((lane, i) => [...lane, ...b.lanes[i]!]);
}

/** Numbers what is there in the order of appearance. */
export function numbered(values: Int32Array): { codes: Int32Array; count: number } {
  const numbers = new Map<number, number>();
  const codes = values.map((value) => {
    let number = numbers.get(value);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(value, number);
    }
    return number;
  });
  return { codes, count: numbers.size };
}

/** The lowest bits of a word, so many of them. */
export function maskOf(width: number): number {
  return width === 32 ? -1 : (1 << width) - 1;
}
