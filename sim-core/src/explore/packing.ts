/**
 * States as few bits: only slots that were seen to change have any, and as many as their values seen so far need.
 *
 * A slot's values are numbered in the order in which they were met; the bits hold that number. When a slot changes for
 * the first time, or its numbers outgrow their bits, a new layout is made and every stored state is written anew in it.
 * Nothing is guessed and nothing is lost.
 */
import type { Symmetry } from './symmetry.ts';

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

/** Where one slot lies. */
export interface PackedField {
  readonly slot: number;
  readonly word: number;
  readonly shift: number;
  readonly width: number;
}

/** What is known of every slot's values, and which slots vary. It only grows. */
export class Vocabulary {
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
    return this.base[this.#partners.get(slot)?.[0] ?? slot] as number;
  }

  /** Values that a slot was seen to hold: not those that only stand for what does not matter. */
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
      values = new Values(this.base[slot] as number);
      for (const partner of this.#partners.get(slot) ?? [slot]) {
        // The column may begin with different values; they are values of the one list that it shares.
        values.add(this.base[partner] as number);
        this.#values[partner] = values;
      }
      if (values.list.length > 1) this.#vary(slot);
    }
    return values;
  }

  /** Makes room for the value that stands for what does not matter. */
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

/**
 * One arrangement of the varying slots in 32-bit words.
 *
 * A new arrangement keeps what it can of the one before, so that states are rewritten mostly by copying words. It
 * begins afresh when that takes fewer words.
 */
export class Packing {
  readonly words: number;
  readonly fields: readonly PackedField[];
  readonly #bySlot = new Map<number, PackedField>();
  readonly #vocabulary: Vocabulary;
  /** Per row of words that hold columns: the bits of a word that are the column of its CPU. */
  readonly columnMasks: readonly number[];

  constructor(vocabulary: Vocabulary, symmetry: Symmetry | undefined, before?: Packing) {
    this.#vocabulary = vocabulary;
    const afresh = arrange(vocabulary, symmetry, undefined);
    const kept = before && arrange(vocabulary, symmetry, before);
    const { fields, columnMasks, words } = kept && kept.words <= afresh.words ? kept : afresh;
    for (const field of fields) this.#bySlot.set(field.slot, field);
    this.words = words;
    this.fields = fields;
    this.columnMasks = columnMasks;
  }

  fieldOf(slot: number): PackedField | undefined {
    return this.#bySlot.get(slot);
  }

  /** The number that stands for a value in its field. */
  code(slot: number, value: number): number {
    const code = this.#vocabulary.valuesOf(slot).numberOf(value);
    if (code === undefined) throw new Error(`slot ${slot} was never seen to hold ${value}`);
    return code;
  }

  pack(state: Int32Array, words: Uint32Array, at: number): void {
    words.fill(0, at, at + this.words);
    for (const { slot, word, shift } of this.fields) {
      words[at + word] = (words[at + word] as number) | (this.code(slot, state[slot] as number) << shift);
    }
  }

  /** Like `pack`, for states that may hold what was never met. False then. */
  tryPack(state: Int32Array, words: Uint32Array, at: number): boolean {
    const met = this.fields.every(
      ({ slot }) => this.#vocabulary.valuesOf(slot).numberOf(state[slot] as number) !== undefined,
    );
    if (met) this.pack(state, words, at);
    return met;
  }

  /** How words of this packing become words of a later one of the same vocabulary, which numbers values alike. */
  translation(later: Packing): Translation {
    // Fields that keep their distance move together: one step for all that go from one word to another by one shift.
    const together = new Map<string, { from: number; to: number; by: number; mask: number }>();
    // What did not vary yet holds what it held at the beginning.
    const fresh = new Uint32Array(later.words);
    for (const { slot, word, shift } of later.fields) {
      const old = this.fieldOf(slot);
      if (!old) {
        fresh[word] = (fresh[word] as number) | (later.code(slot, this.#vocabulary.base[slot] as number) << shift);
        continue;
      }
      const by = shift - old.shift;
      const key = `${old.word} ${word} ${by}`;
      const step = together.get(key) ?? { from: old.word, to: word, by, mask: 0 };
      step.mask |= maskOf(old.width) << old.shift;
      together.set(key, step);
    }
    const steps = Int32Array.from(
      [...together.values()].flatMap(({ from, to, by, mask }) => [from, mask, Math.max(by, 0), Math.max(-by, 0), to]),
    );
    return (from, at, to, toAt) => {
      for (let i = 0; i < fresh.length; i++) to[toAt + i] = fresh[i] as number;
      for (let i = 0; i < steps.length; i += 5) {
        const bits = (from[at + (steps[i] as number)] as number) & (steps[i + 1] as number);
        const place = toAt + (steps[i + 4] as number);
        to[place] = (to[place] as number) | ((bits << (steps[i + 2] as number)) >>> (steps[i + 3] as number));
      }
    };
  }

  /** Writes the varying slots; the others must already hold what they always hold. */
  unpack(words: Uint32Array, at: number, state: Int32Array): void {
    for (const { slot, word, shift, width } of this.fields) {
      const code = ((words[at + word] as number) >>> shift) & maskOf(width);
      state[slot] = this.#vocabulary.valuesOf(slot).list[code] as number;
    }
  }
}

interface Arrangement {
  readonly fields: readonly PackedField[];
  readonly columnMasks: readonly number[];
  readonly words: number;
}

/**
 * Columns of CPUs lie at the same bits of neighbouring words, so that exchanging two CPUs is exchanging bits of words.
 * Rows of such words come first. The other slots fill what is left, wide ones first.
 */
function arrange(vocabulary: Vocabulary, symmetry: Symmetry | undefined, before: Packing | undefined): Arrangement {
  const cpus = symmetry?.cpus ?? 1;
  const columns = (symmetry?.columns ?? []).filter((column) => vocabulary.varies(column[0] as number));
  const inColumn = new Set(columns.flat());
  const used: number[] = [];
  const columnMasks: number[] = before ? [...before.columnMasks].fill(0) : [];
  const fields: PackedField[] = [];
  const place = (slot: number, word: number, shift: number, width: number): void => {
    while (used.length <= word) used.push(0);
    used[word] = ((used[word] as number) | (maskOf(width) << shift)) >>> 0;
    fields.push({ slot, word, shift, width });
  };
  const placeColumn = (column: readonly number[], row: number, shift: number, width: number): void => {
    columnMasks[row] = ((columnMasks[row] ?? 0) | (maskOf(width) << shift)) >>> 0;
    for (const [cpu, slot] of column.entries()) place(slot, row * cpus + cpu, shift, width);
  };
  const widthOf = (slot: number): number => vocabulary.valuesOf(slot).width;
  const stays = (slot: number): PackedField | undefined => {
    const field = before?.fieldOf(slot);
    return field?.width === widthOf(slot) ? field : undefined;
  };
  const moving: (readonly number[])[] = [];
  for (const column of columns) {
    const field = stays(column[0] as number);
    if (field) placeColumn(column, Math.floor(field.word / cpus), field.shift, field.width);
    else moving.push(column);
  }
  const others = vocabulary.varying.filter((slot) => !inColumn.has(slot));
  for (const slot of others) {
    const field = stays(slot);
    if (field) place(slot, field.word, field.shift, field.width);
  }
  for (const column of moving) {
    const width = widthOf(column[0] as number);
    // A row that is there already can take it where all its words have room; otherwise a row is added behind the rows.
    const rows = columnMasks.length;
    let row = 0;
    let shift = -1;
    for (; row < rows && shift < 0; row++) {
      let taken = 0;
      for (let cpu = 0; cpu < cpus; cpu++) taken |= used[row * cpus + cpu] ?? 0;
      shift = roomIn(taken, width);
    }
    if (shift >= 0) placeColumn(column, row - 1, shift, width);
    else if (before) return { fields: [], columnMasks: [], words: Number.POSITIVE_INFINITY };
    else placeColumn(column, rows, 0, width);
  }
  const rest = others.filter((slot) => !stays(slot)).sort((a, b) => widthOf(b) - widthOf(a) || a - b);
  for (const slot of rest) {
    const width = widthOf(slot);
    let word = used.findIndex((taken) => roomIn(taken, width) >= 0);
    if (word < 0) word = used.length;
    place(slot, word, word < used.length ? roomIn(used[word] as number, width) : 0, width);
  }
  return { fields, columnMasks, words: Math.max(1, used.length) };
}

/** The lowest place in a word where that many bits are free, or -1. */
function roomIn(taken: number, width: number): number {
  for (let shift = 0; shift + width <= 32; shift++) if ((taken & (maskOf(width) << shift)) === 0) return shift;
  return -1;
}

type Translation = (from: Uint32Array, at: number, to: Uint32Array, toAt: number) => void;

export function maskOf(width: number): number {
  return width === 32 ? -1 : (1 << width) - 1;
}
