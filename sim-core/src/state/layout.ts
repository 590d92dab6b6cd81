/**
 * Where every fact about a machine lives in its one flat state vector.
 *
 * A field is a named array of small integers; its dimensions come from the elaborated scenario (so many CPUs, words,
 * groups, descriptors). A slot is a field's base plus an index. Code holds fields and computes slots; nothing else
 * knows offsets. The explorer packs slots into bits by what it sees in them, so a field that never changes costs nothing.
 */

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
  readonly #initial: number[] = [];

  field(name: string, dims: readonly number[] = [], options: FieldOptions = {}): Field {
    const size = dims.reduce((product, n) => product * n, 1);
    const field: Field = {
      id: this.#fields.length,
      name,
      base: this.#initial.length,
      dims,
      size,
      internal: options.internal ?? false,
      ...(options.values ? { values: options.values } : {}),
      ...(options.labels ? { labels: options.labels } : {}),
    };
    this.#fields.push(field);
    const initial = options.initial ?? 0;
    for (let i = 0; i < size; i++) this.#initial.push(typeof initial === 'number' ? initial : (initial[i] ?? 0));
    return field;
  }

  build(): Layout {
    const fields = this.#fields;
    const initial = Int32Array.from(this.#initial);
    const owner = new Int32Array(initial.length);
    for (const field of fields) owner.fill(field.id, field.base, field.base + field.size);
    const fieldOf = (slot: number): Field => {
      const field = fields[owner[slot] as number];
      if (!field) throw new RangeError(`slot ${slot} is outside the layout of ${initial.length} slots`);
      return field;
    };
    return { fields, size: initial.length, initial, fieldOf, slotName: (slot) => slotName(fieldOf(slot), slot) };
  }
}

function slotName(field: Field, slot: number): string {
  let rest = slot - field.base;
  const parts: string[] = [];
  for (let d = field.dims.length - 1; d >= 0; d--) {
    const size = field.dims[d] as number;
    const index = rest % size;
    rest = (rest - index) / size;
    parts.unshift(`[${field.labels?.[d]?.[index] ?? index}]`);
  }
  return field.name + parts.join('');
}
