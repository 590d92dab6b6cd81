/**
 * What slots were seen to hold. A slot's values are numbered in the order in which they were met; packed states hold
 * those numbers.
 */
import type { Symmetry } from '../reduce/symmetry.ts';

/** The values that a slot was seen to take. Slots that renaming CPUs exchanges share one. */
export class Values {
  readonly list: number[];
  readonly #numbers: Map<number, number>;

  constructor(first: number) {
    this.list = [first];
    this.#numbers = new Map([[first, 0]]);
  }

  /** The number of a value, or undefined when it was never met. */
  numberOf(value: number): number | undefined {
    return this.#numbers.get(value);
  }

  add(value: number): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    this.#numbers.set(value, this.list.length);
    return this.list.push(value) - 1;
  }

  /** Bits that the numbers need. */
  get width(): number {
    return 32 - Math.clz32(this.list.length - 1);
  }
}

/** What is known of every slot's values, and which slots vary. It only grows. */
export class SlotValues {
  /** The state from which slots that never change take their value. */
  readonly base: Int32Array;
  /** Slots that vary, in the order of discovery. */
  readonly varying: number[] = [];
  readonly #values: (Values | undefined)[];
  readonly #varies: Uint8Array;
  readonly #symmetry: Symmetry | undefined;
  /** Values met beside those of the base. */
  size = 0;
  /** Per slot: the slots with which it shares its values, itself included. */
  readonly #partners = new Map<number, readonly number[]>();

  /** Slots that were seen to hold 0. */
  readonly #met = new Set<number>();
  readonly #countedDown: ReadonlySet<number>;

  /** `countedDown`: slots whose values are renumbered from below ({@link Versions}). */
  constructor(base: Int32Array, symmetry: Symmetry | undefined, countedDown: Iterable<number>) {
    this.base = base;
    this.#countedDown = new Set(countedDown);
    base.forEach((value, slot) => {
      if (value === 0) this.#met.add(slot);
    });
    this.#symmetry = symmetry;
    this.#values = new Array(base.length).fill(undefined);
    this.#varies = new Uint8Array(base.length);
    for (const column of symmetry?.columns ?? []) for (const slot of column) this.#partners.set(slot, column);
  }

  /** What a slot holds that does not matter: the same for all that renaming CPUs makes of a state. */
  indifferent(slot: number): number {
    if (this.#symmetry?.references.some((r) => r.slot === slot)) return 0;
    return this.base[this.#partners.get(slot)?.[0] ?? slot]!;
  }

  /** Values that a slot was seen to hold: not those that only represent what does not matter. */
  realValuesOf(slot: number): number[] {
    const imagined =
      this.#symmetry?.references.some((r) => r.slot === slot) && !this.#met.has(slot)
        ? this.indifferent(slot)
        : undefined;
    return this.valuesOf(slot).list.filter((value) => value !== imagined);
  }

  varies(slot: number): boolean {
    return this.#varies[slot] !== 0;
  }

  valuesOf(slot: number): Values {
    let values = this.#values[slot];
    if (!values) {
      values = new Values(this.base[slot]!);
      for (const partner of this.#partners.get(slot) ?? [slot]) {
        // The column may begin with different values; they are values of the one list that it shares.
        values.add(this.base[partner]!);
        this.#values[partner] = values;
      }
      if (values.list.length > 1) this.#vary(slot);
    }
    return values;
  }

  /** Makes room for the value that represents what does not matter. */
  imagine(slot: number): void {
    const value = this.indifferent(slot);
    const met = value === this.base[slot];
    this.meet(slot, value);
    if (!met) this.#met.delete(slot);
  }

  /** Takes notice that a slot may hold a value. True when the layout that there is cannot express it. */
  meet(slot: number, value: number): boolean {
    const values = this.valuesOf(slot);
    if (value === 0) this.#met.add(slot);
    if (values.numberOf(value) !== undefined) return false;
    const width = values.width;
    // Counting by order only lowers a version, so those below it may come up at any time.
    if (this.#countedDown.has(slot)) for (let lower = 1; lower < value; lower++) values.add(lower);
    values.add(value);
    this.size++;
    const reference = this.#symmetry?.references.find((r) => r.slot === slot);
    if (reference) for (const { cpuOf } of this.#symmetry?.renamings ?? []) values.add(reference.rename(cpuOf, value));
    this.#vary(slot);
    return values.width > width;
  }

  #vary(slot: number): void {
    for (const partner of this.#partners.get(slot) ?? [slot]) {
      if (this.#varies[partner] !== 0) continue;
      this.#varies[partner] = 1;
      this.varying.push(partner);
    }
  }
}
