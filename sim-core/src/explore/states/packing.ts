/**
 * States as few bits: only slots that were seen to change have any, and as many as their values seen so far need.
 * Slots whose values go together may share a field ({@link Bundle}).
 *
 * A field holds the number of a value, or of a joint value. When a slot changes for the first time, or numbers outgrow
 * their bits, a new layout is made and every stored state is rewritten in it. Nothing is guessed and nothing is lost.
 */

import type { Symmetry } from '../reduce/symmetry.ts';
import { type Arrangement, arrange } from './arrangement.ts';
import { Bundle, maskOf } from './bundle.ts';
import type { SlotValues } from './slot-values.ts';

/** Where one slot lies, or a bundle of them. */
export interface PackedField {
  readonly slots: readonly number[];
  readonly word: number;
  readonly shift: number;
  readonly width: number;
  /** What numbers the joint values of several slots. */
  readonly bundle?: Bundle | undefined;
}

/** What a packing is made from. */
export interface PackedFrom {
  readonly bundles?: readonly Bundle[];
  /** The packing before, of which it keeps what it can. */
  readonly before?: Packing | undefined;
  /** Words that may be used to leave room. */
  readonly most?: number | undefined;
  /** The very packing. */
  readonly saved?: SavedPacking;
}

/** A packing as plain numbers: for a checkpoint. */
export interface SavedPacking {
  readonly words: number;
  readonly columnMasks: readonly number[];
  /** Word, shift, width, the number of the bundle or -1, slots. */
  readonly fields: readonly (readonly number[])[];
  readonly bundles: readonly Pick<Bundle, 'lanes' | 'parts'>[];
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
  readonly bundles: readonly Bundle[];
  /** Per row of words that hold columns: the bits of a word that are the column of its CPU. */
  readonly columnMasks: readonly number[];
  readonly #bySlot = new Map<number, PackedField>();
  readonly #slotValues: SlotValues;

  constructor(slotValues: SlotValues, symmetry: Symmetry | undefined, from: PackedFrom = {}) {
    this.#slotValues = slotValues;
    const { bundles = [], before, most = before?.words ?? 0, saved } = from;
    const known = saved && restored(saved);
    this.bundles = known?.bundles ?? bundles;
    const { fields, columnMasks, words } = known ?? arrange(slotValues, symmetry, bundles, before, most);
    for (const field of fields) for (const slot of field.slots) this.#bySlot.set(slot, field);
    this.words = words;
    this.fields = fields;
    this.columnMasks = columnMasks;
  }

  /** All that there is to know of it, with the values of the slots. */
  get saved(): SavedPacking {
    const { words, columnMasks, bundles } = this;
    return {
      words,
      columnMasks,
      fields: this.fields.map(({ slots, word, shift, width, bundle }) => {
        const number = bundle ? bundles.indexOf(bundle) : -1;
        return [word, shift, width, number, ...slots];
      }),
      bundles: bundles.map(({ lanes, parts }) => ({ lanes, parts })),
    };
  }

  fieldOf(slot: number): PackedField | undefined {
    return this.#bySlot.get(slot);
  }

  /** Are there bits for all values that the slot was seen to take? For joint values its bundle has to be asked. */
  holds(slot: number): boolean {
    if (!this.#slotValues.varies(slot)) return true;
    const field = this.fieldOf(slot);
    return field !== undefined && (field.bundle !== undefined || this.#slotValues.valuesOf(slot).width <= field.width);
  }

  /** The number that represents a value of a slot; in a field of its own it is what its bits hold. */
  code(slot: number, value: number): number {
    const code = this.#slotValues.valuesOf(slot).numberOf(value);
    if (code === undefined) throw new Error(`slot ${slot} was never seen to hold ${value}`);
    return code;
  }

  /** What the bits of a field may hold when slots of it hold certain values. Other slots are not looked at. */
  codesWith(field: PackedField, held: readonly { readonly slot: number; readonly value: number }[]): number[] {
    const { bundle, slots } = field;
    const numbers = held.flatMap(({ slot, value }) => {
      const member = slots.indexOf(slot);
      return member < 0 ? [] : [{ member, number: this.code(slot, value) }];
    });
    if (!bundle) return numbers.slice(0, 1).map(({ number }) => number);
    const codes: number[] = [];
    for (let code = 0; code < bundle.count; code++)
      if (numbers.every(({ member, number }) => bundle.parts[member]?.[code] === number)) codes.push(code);
    return codes;
  }

  /** What a slot of a bundle holds when their field holds a joint value. */
  valueIn(field: PackedField, bundle: Bundle, slot: number, joint: number): number {
    const number = bundle.parts[field.slots.indexOf(slot)]![joint]!;
    return this.#slotValues.valuesOf(slot).list[number]!;
  }

  pack(state: Int32Array, words: Uint32Array, at: number): void {
    if (!this.tryPack(state, words, at)) throw new Error('the state holds what was never met');
  }

  /** Like `pack`, for states that may hold what was never met. False then. */
  tryPack(state: Int32Array, words: Uint32Array, at: number): boolean {
    words.fill(0, at, at + this.words);
    for (const { slots, word, shift, width, bundle } of this.fields) {
      const codes = slots.map((slot) => this.#slotValues.valuesOf(slot).numberOf(state[slot]!));
      if (codes.includes(undefined)) return false;
      const code = bundle ? bundle.numberOf(codes as number[]) : codes[0];
      if (code === undefined || code >= 2 ** width) return false;
      words[at + word] = words[at + word]! | (code << shift);
    }
    return true;
  }

  /** Are there bits for all that the state holds? Not for what was met after the packing was made. */
  expresses(state: Int32Array): boolean {
    const { base, varying } = this.#slotValues;
    return varying.every((slot) => {
      const field = this.fieldOf(slot);
      if (!field) return state[slot] === base[slot];
      const code = this.#slotValues.valuesOf(slot).numberOf(state[slot]!);
      return field.bundle !== undefined || (code !== undefined && code < 2 ** field.width);
    });
  }

  /** Writes the varying slots; the others must already hold what they always hold. */
  unpack(words: Uint32Array, at: number, state: Int32Array): void {
    for (const { slots, word, shift, width, bundle } of this.fields) {
      const code = (words[at + word]! >>> shift) & maskOf(width);
      for (const [member, slot] of slots.entries()) {
        const number = bundle ? bundle.parts[member]![code]! : code;
        state[slot] = this.#slotValues.valuesOf(slot).list[number]!;
      }
    }
  }

  /** Reads the numbers of what some slots hold from packed states. */
  gather(slots: readonly number[]): Gather {
    const fields = [...new Set(slots.flatMap((slot) => this.fieldOf(slot) ?? []))];
    const sources = slots.map((slot) => {
      const field = this.fieldOf(slot);
      return field
        ? { source: fields.indexOf(field), numbers: field.bundle?.parts[field.slots.indexOf(slot)] }
        : { constant: this.code(slot, this.#slotValues.base[slot]!) };
    });
    const looked = fields.flatMap(({ word, shift, width }) => [word, shift, maskOf(width), 2 ** width]);
    return {
      bits: fields.reduce((sum, field) => sum + field.width, 0),
      index: (words, at) => {
        let index = 0;
        for (let i = 0; i < looked.length; i += 4) {
          const code = (words[at + looked[i]!]! >>> looked[i + 1]!) & looked[i + 2]!;
          index = index * looked[i + 3]! + code;
        }
        return index;
      },
      numbers: (index) => {
        const codes: number[] = [];
        let rest = index;
        for (let i = fields.length - 1; i >= 0; i--) {
          const size = 2 ** fields[i]!.width;
          codes[i] = rest % size;
          rest = Math.floor(rest / size);
        }
        return sources.map((from) => {
          if (from.source === undefined) return from.constant;
          const code = codes[from.source]!;
          return from.numbers ? from.numbers[code]! : code;
        });
      },
    };
  }

  /** How words of this packing become words of a later one of the same slots, which numbers values alike. */
  translation(later: Packing): Translation {
    const steps = new Map<string, { from: number; to: number; by: number; mask: number }>();
    const fresh = new Uint32Array(later.words);
    const rewrites: { gather: Gather; known: Map<number, number>; codeOf: (index: number) => number; to: number }[] =
      [];
    for (const { slots, word, shift, bundle } of later.fields) {
      const first = slots[0]!;
      const old = this.fieldOf(first);
      if (old && old.bundle === bundle && old.slots.length === slots.length) {
        // Fields that keep their distance move together: one step for all that go from one word to another by one shift.
        const by = shift - old.shift;
        const key = `${old.word} ${word} ${by}`;
        const step = steps.get(key) ?? { from: old.word, to: word, by, mask: 0 };
        step.mask |= maskOf(old.width) << old.shift;
        steps.set(key, step);
        continue;
      }
      const gather = this.gather(slots);
      const codeOf = (index: number): number => {
        const numbers = gather.numbers(index);
        const code = bundle ? bundle.numberOf(numbers) : numbers[0];
        if (code === undefined) throw new Error(`slots ${slots.join()} were never seen to hold that together`);
        return code << shift;
      };
      if (gather.bits === 0) fresh[word] = fresh[word]! | codeOf(0);
      else rewrites.push({ gather, known: new Map(), codeOf, to: word });
    }
    const moves = Int32Array.from(
      [...steps.values()].flatMap(({ from, to, by, mask }) => [from, mask, Math.max(by, 0), Math.max(-by, 0), to]),
    );
    return (from, at, to, toAt) => {
      for (let i = 0; i < fresh.length; i++) to[toAt + i] = fresh[i]!;
      for (let i = 0; i < moves.length; i += 5) {
        const bits = from[at + moves[i]!]! & moves[i + 1]!;
        const place = toAt + moves[i + 4]!;
        to[place] = to[place]! | ((bits << moves[i + 2]!) >>> moves[i + 3]!);
      }
      for (const { gather, known, codeOf, to: word } of rewrites) {
        const index = gather.index(from, at);
        let bits = known.get(index);
        if (bits === undefined) {
          bits = codeOf(index);
          known.set(index, bits);
        }
        to[toAt + word] = to[toAt + word]! | bits;
      }
    };
  }
}

/** Some slots of packed states. */
export interface Gather {
  /** Bits that are looked at; with more than 52 there is no index. */
  readonly bits: number;
  /** The same for states that hold the same in these bits, and different otherwise. */
  readonly index: (words: Uint32Array, at: number) => number;
  /** Per slot: the number of its value. */
  readonly numbers: (index: number) => number[];
}

function restored(saved: SavedPacking): Arrangement & { readonly bundles: readonly Bundle[] } {
  const { words, columnMasks } = saved;
  const bundles = saved.bundles.map(({ lanes, parts }) => {
    const bundle = new Bundle(lanes);
    const count = parts[0]?.length ?? 0;
    for (let code = 0; code < count; code++) bundle.add(parts.map((numbers) => numbers[code]!));
    return bundle;
  });
  const fields = saved.fields.map(([word = 0, shift = 0, width = 0, bundle = -1, ...slots]) => {
    return { slots, word, shift, width, bundle: bundles[bundle] };
  });
  return { words, columnMasks, fields, bundles };
}

type Translation = (from: Uint32Array, at: number, to: Uint32Array, toAt: number) => void;
