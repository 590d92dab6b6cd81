/** A machine that knows which slots were read: what a value depends on, found by computing it. */
import { type Layout, Machine } from '@snoopscope/sim-core';

/** In place of a slot: all of them. */
export const WHOLE = -1;

export class WatchedMachine extends Machine {
  /** The slots read since it was cleared, and {@link WHOLE} when somebody took all of them at once. */
  readonly reads = new Set<number>();

  constructor(layout: Layout) {
    super(layout);
    const { reads } = this;
    const watched = new Proxy(this.state, {
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
    Object.defineProperty(this, 'state', { value: watched });
  }
}
