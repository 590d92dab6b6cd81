/** Plans in the form that the inner loop runs on: flat arrays, as everything in its {@link Tables}. */
import type { Tables } from '../expander.ts';
import type { Plan } from './planner.ts';

/** What a plan does to packed states. */
export interface PlanMask {
  /** Bits to keep, and bits to set instead of those that are dead; one word for each of a state's. */
  readonly keep: Uint32Array;
  readonly set: Uint32Array;
  /** Words of memory whose versions must be counted anew, as bits; bit 31 stands for all from the 31st on. */
  readonly ranks: number;
}

type PlanParts = Pick<Tables, 'planOfLeaf' | 'planMasks' | 'planRanks' | 'planIdle' | 'planAlone' | 'alone'>;

export class PlanTables {
  readonly #moves: number;
  readonly #maskOf: (plan: Plan) => PlanMask;
  #planOfLeaf = new Int32Array(64).fill(NO_PLAN);
  #planMasks = new Uint32Array(0);
  #planRanks = new Int32Array(0);
  #planIdle = new Uint8Array(0);
  #planAlone = new Int32Array(0);
  #alone = new Int32Array(64);
  #aloneLength = 0;

  /** `maskOf` says what a plan does in the packing of the moment. */
  constructor(moves: number, maskOf: (plan: Plan) => PlanMask) {
    this.#moves = moves;
    this.#maskOf = maskOf;
  }

  get tables(): PlanParts {
    return {
      planOfLeaf: this.#planOfLeaf,
      planMasks: this.#planMasks,
      planRanks: this.#planRanks,
      planIdle: this.#planIdle,
      planAlone: this.#planAlone,
      alone: this.#alone,
    };
  }

  /** Forgets all plans. */
  clear(): void {
    this.#aloneLength = 0;
    this.#planOfLeaf.fill(NO_PLAN);
    this.#planMasks = new Uint32Array(0);
  }

  /** The plan for the places that a leaf found. */
  setPlanOfLeaf(leaf: number, plan: number): void {
    if (leaf >= this.#planOfLeaf.length) {
      const larger = new Int32Array(leaf * 2).fill(NO_PLAN);
      larger.set(this.#planOfLeaf);
      this.#planOfLeaf = larger;
    }
    this.#planOfLeaf[leaf] = plan;
  }

  /** Enters a plan under the next number. */
  enter(plan: number, made: Plan): void {
    const { alone, idle } = made;
    const moves = this.#moves;
    if (plan >= this.#planAlone.length) {
      const room = plan * 2 + 64;
      this.#planAlone = grown(this.#planAlone, room);
      this.#planRanks = grown(this.#planRanks, room);
      const larger = new Uint8Array(room * moves);
      larger.set(this.#planIdle);
      this.#planIdle = larger;
    }
    if (idle) this.#planIdle.set(idle, plan * moves);
    else this.#planIdle.fill(0, plan * moves, (plan + 1) * moves);
    const encoded = [alone.length, ...alone.flatMap(({ actor, frozen }) => [actor, frozen.length, ...frozen])];
    if (this.#aloneLength + encoded.length > this.#alone.length)
      this.#alone = grown(this.#alone, 2 * (this.#aloneLength + encoded.length));
    this.#planAlone[plan] = this.#aloneLength;
    this.#alone.set(encoded, this.#aloneLength);
    this.#aloneLength += encoded.length;
    this.#mask(plan, made);
  }

  /** The packing is another one: all masks are made anew. */
  maskAnew(plans: readonly Plan[]): void {
    this.#planMasks = new Uint32Array(0);
    plans.forEach((made, plan) => {
      this.#mask(plan, made);
    });
  }

  #mask(plan: number, made: Plan): void {
    const { keep, set, ranks } = this.#maskOf(made);
    const size = keep.length;
    const place = plan * 2 * size;
    if (place + 2 * size > this.#planMasks.length) {
      const larger = new Uint32Array(Math.max(1024, 2 * (place + 2 * size)));
      larger.set(this.#planMasks);
      this.#planMasks = larger;
    }
    this.#planMasks.set(keep, place);
    this.#planMasks.set(set, place + size);
    this.#planRanks[plan] = ranks;
  }
}

const NO_PLAN = -1;

function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
