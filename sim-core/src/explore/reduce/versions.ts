/**
 * Versions of words, counted by their order.
 *
 * Every write makes a newer version, so in a loop versions grow for ever. All that anything asks of them is which is
 * newer, and whether there is one (0 is none, or the version of the beginning). Renumbering the versions of one word in
 * their order, 0 kept, therefore changes nothing that can be observed, and makes equal situations equal states.
 */
import type { Model } from '../../engine/model.ts';

export class Versions {
  /** Per word: the slots that hold a version of it. */
  readonly groups: readonly (readonly number[])[];
  readonly #wordOf = new Map<number, number>();

  constructor(model: Model) {
    const { memory, ghost, topology } = model.world;
    const words = topology.words.length;
    const fields = [...memory.versions, ...ghost.versions];
    this.groups = topology.words.map((_, word) => {
      const slots: number[] = [];
      for (const field of fields) for (let at = word; at < field.size; at += words) slots.push(field.base + at);
      for (const slot of slots) this.#wordOf.set(slot, word);
      return slots;
    });
  }

  /** The words whose versions are among the slots. */
  wordsOf(slots: readonly number[]): Set<number> {
    const words = new Set<number>();
    for (const slot of slots) {
      const word = this.#wordOf.get(slot);
      if (word !== undefined) words.add(word);
    }
    return words;
  }

  /** Renumbers the versions of one word. */
  rank(word: number, get: (slot: number) => number, put: (slot: number, value: number) => void): void {
    const slots = this.groups[word]!;
    const values = slots.map(get);
    const order = [...new Set(values.filter((v) => v !== 0))].sort((a, b) => a - b);
    if (order.every((value, i) => value === i + 1)) return;
    slots.forEach((slot, i) => {
      const value = values[i]!;
      if (value !== 0) put(slot, order.indexOf(value) + 1);
    });
  }
}
