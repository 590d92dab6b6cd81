/**
 * A machine that remembers which slots were read.
 *
 * The explorer executes each distinct local situation once and then knows what it does: the outcome of a move depends
 * on nothing but the slots that it read. Reads are seen by handing out the state through a proxy, so that no part of the
 * machine has to declare anything. That is slow, some ten microseconds a move, and needed only as often as something
 * new is met.
 */

import { EVENT_WIDTH } from '../../state/event.ts';
import type { Layout } from '../../state/layout.ts';
import { Machine } from '../../state/machine.ts';

export class TracingMachine extends Machine {
  /** The real slots, for those who set up a state or look at one without leaving a trace. */
  readonly raw: Int32Array;
  /** Slots whose old value was read since `begin`, in the order of the first read. */
  readonly reads: number[] = [];
  readonly #read: Uint8Array;
  readonly #projectedOut: Uint8Array;
  /** How often a slot was written since `begin`, and not undone. */
  readonly #written: Int32Array;
  /** Slots written with the value that they had, and the length of the log then: they leave no event. */
  readonly #silent: { slot: number; length: number }[] = [];

  constructor(layout: Layout) {
    super(layout);
    const raw = layout.initial.slice();
    this.raw = raw;
    this.#read = new Uint8Array(layout.size);
    this.#projectedOut = new Uint8Array(layout.size);
    this.#written = new Int32Array(layout.size);
    const watched = new Proxy(raw, {
      get: (target, key) => {
        const slot = typeof key === 'string' ? Number(key) : Number.NaN;
        // Code that takes the state as a whole reads everything, and then nothing could ever be remembered.
        if (!Number.isInteger(slot))
          throw new TypeError(`a move may read single slots of the state, not its ${String(key)}`);
        // Outside the slots there is nothing, and always was.
        if (this.#read[slot] === 0 && this.#written[slot] === 0 && this.#projectedOut[slot] === 0) {
          this.#read[slot] = 1;
          this.reads.push(slot);
        }
        return target[slot];
      },
    });
    Object.defineProperty(this, 'state', { value: watched });
  }

  /** Forgets everything and starts to watch. */
  begin(): void {
    for (const slot of this.reads) this.#read[slot] = 0;
    this.reads.length = 0;
    this.rewind(0);
  }

  /** Slots that this search does without: they keep their value and count as not read. */
  projectOut(slots: Iterable<number>): void {
    for (const slot of slots) this.#projectedOut[slot] = 1;
  }

  override put(slot: number, value: number): void {
    if (this.#projectedOut[slot] !== 0) return;
    const old = this.raw[slot]!;
    this.#written[slot]!++;
    if (old === value) {
      this.#silent.push({ slot, length: this.length });
      return;
    }
    this.raw[slot] = value;
    this.record(slot, old, value, 0);
  }

  override rewind(length: number): void {
    for (let at = this.length - EVENT_WIDTH; at >= length; at -= EVENT_WIDTH) {
      const slot = this.log[at]!;
      if (slot < 0) continue;
      this.raw[slot] = this.log[at + 1]!;
      this.#written[slot]!--;
    }
    this.length = length;
    // Every micro-step begins with a happening, so what it wrote silently follows the length it began at.
    for (let last = this.#silent.at(-1); last && (last.length > length || length === 0); last = this.#silent.at(-1)) {
      this.#silent.pop();
      this.#written[last.slot]!--;
    }
  }

  /** Slots that were written and not undone, also those that kept their value by it. Ascending: the order tells nothing. */
  writes(): number[] {
    const slots = new Set<number>();
    for (let at = 0; at < this.length; at += EVENT_WIDTH) if (this.log[at]! >= 0) slots.add(this.log[at]!);
    for (const { slot } of this.#silent) slots.add(slot);
    return [...slots].sort((a, b) => a - b);
  }
}
