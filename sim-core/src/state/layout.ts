/**
 * Where every fact about a machine lives in its one flat state vector.
 *
 * A field is a named array of small integers; its dimensions come from the elaborated scenario (so many CPUs, words,
 * groups, descriptors). A slot is a field's base plus an index. Code holds fields and computes slots; nothing else
 * knows offsets. The explorer packs slots into bits by what it sees in them, so a field that never changes costs nothing.
 */

import { LIMITS, ModelLimit } from '../limits.ts';

export interface Field {
  readonly id: number;
  /** The field's word in the glossary, `noncoherentDmaCount`. */
  readonly name: string;
  /** The slot of the first element. */
  readonly base: number;
  /** Sizes of the dimensions, outermost first; empty for a scalar. */
  readonly dims: readonly number[];
  /** How many slots. */
  readonly size: number;
  /** Names of the values where the field is an enumeration; the index is the value. */
  readonly values?: readonly string[];
  /** Names of the indices of each dimension, for people: `['cpu0', 'cpu1']`. */
  readonly labels?: readonly (readonly string[] | undefined)[];
  /** True for what only guides the interpreter (frames, locals): traces show it on request only. */
  readonly internal: boolean;
}

export interface FieldOptions {
  readonly values?: readonly string[];
  readonly labels?: readonly (readonly string[] | undefined)[];
  readonly internal?: boolean;
  /** What every element holds before the run; 0 when left out. */
  readonly initial?: number | readonly number[];
}

export interface Layout {
  readonly fields: readonly Field[];
  /** Number of slots of the state vector. */
  readonly size: number;
  /** The state before anything ran. */
  readonly initial: Int32Array;
  /** The field that a slot belongs to. */
  fieldOf(slot: number): Field;
  /** A person's name for a slot: `lineState[cpu0][x]`. */
  slotName(slot: number): string;
}

/** Collects fields while the machine's parts declare what they need; `build` fixes the layout. */
export class LayoutBuilder {
  readonly #fields: Field[] = [];
  readonly #initial: NonNullable<FieldOptions['initial']>[] = [];
  #size = 0;

  /**
   * Room for a named array. Throws {@link ModelLimit} before a state becomes too large: some fields have an element for
   * every pair of objects, so a long scenario may ask for more memory than there is.
   */

  field(name: string, dims: readonly number[] = [], options: FieldOptions = {}): Field {
    const size = dims.reduce((product, n) => product * n, 1);
    if (this.#size + size > LIMITS.stateSlots) throw new ModelLimit(tooMany(name, dims));
    const field: Field = {
      id: this.#fields.length,
      name,
      base: this.#size,
      dims,
      size,
      internal: options.internal ?? false,
      ...(options.values ? { values: options.values } : {}),
      ...(options.labels ? { labels: options.labels } : {}),
    };
    this.#fields.push(field);
    this.#initial.push(options.initial ?? 0);
    this.#size += size;
    return field;
  }

  build(): Layout {
    const fields = this.#fields;
    const initial = new Int32Array(this.#size);
    for (const { id, base, size } of fields) {
      const values = this.#initial[id]!;
      if (typeof values === 'number') initial.fill(values, base, base + size);
      else for (let i = 0; i < size; i++) initial[base + i] = values[i] ?? 0;
    }
    // Only what explains a run asks, and most models are made for a prediction that explains little.
    let owner: Int32Array | undefined;
    const fieldOf = (slot: number): Field => {
      owner ??= ownersOf(fields, initial.length);
      const field = fields[owner[slot]!];
      if (!field) throw new RangeError(`slot ${slot} is outside the layout of ${initial.length} slots`);
      return field;
    };
    return { fields, size: initial.length, initial, fieldOf, slotName: (slot) => slotName(fieldOf(slot), slot) };
  }
}

/** By slot: the id of its field. */
function ownersOf(fields: readonly Field[], size: number): Int32Array {
  const owner = new Int32Array(size);
  for (const field of fields) owner.fill(field.id, field.base, field.base + field.size);
  return owner;
}

function tooMany(name: string, dims: readonly number[]): string {
  const size = dims.length > 1 ? `${dims.join(' × ')} of them` : `${dims[0] ?? 1} of them`;
  return `The state of this scenario would have more than ${LIMITS.stateSlots} numbers, with \`${name}\` (${size}). The machine has room for every object that a statement may make: use fewer statements that open or create something, or split the scenario.`;
}

function slotName(field: Field, slot: number): string {
  let rest = slot - field.base;
  const parts: string[] = [];
  for (let d = field.dims.length - 1; d >= 0; d--) {
    const size = field.dims[d]!;
    const index = rest % size;
    rest = (rest - index) / size;
    parts.unshift(`[${field.labels?.[d]?.[index] ?? index}]`);
  }
  return field.name + parts.join('');
}
