/** State that knows which slots were read: what a value depends on, found by computing it. */
import { type Layout, Machine } from '@snoopscope/sim-core';

/** In place of a slot: all of them. */
export const WHOLE = -1;

export class WatchedMachine extends Machine {
  /** The slots read since it was cleared, and {@link WHOLE} when somebody took all of them at once. */
  readonly reads = new Set<number>();

  constructor(layout: Layout) {
    super(layout);
    Object.defineProperty(this, 'state', { value: watched(this.state, this.reads) });
  }
}

/** What is computed from a state, and the slots that were read for it. */
export function readsOf<Value>(
  state: Int32Array,
  compute: (state: Int32Array) => Value,
): { readonly value: Value; readonly reads: ReadonlySet<number> } {
  const reads = new Set<number>();
  return { value: compute(watched(state, reads)), reads };
}

function watched(state: Int32Array, reads: Set<number>): Int32Array {
  return new Proxy(state, {
    get(target, key) {
      const slot = typeof key === 'string' ? Number(key) : Number.NaN;
      if (!Number.isInteger(slot)) {
        const member: unknown = Reflect.get(target, key);
        reads.add(WHOLE);
        return typeof member === 'function' ? member.bind(target) : member;
      }
      reads.add(slot);
      return target[slot];
    },
  });
}
