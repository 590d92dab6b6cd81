/**
 * Which hits of a breakpoint with a hit count stop. They are numbered forwards and back from where the session was when
 * it was set, so that a place has the same number from either side.
 */

/** What was asked for, and from where. */
export interface HitCount {
  readonly accepts: (hit: number) => boolean;
  /** Position where the session was; -1 when the breakpoint was there before the run began. */
  readonly from: number;
}

interface Counted {
  /** Hits before, and at, the position that they are counted from; then all. */
  before: number;
  here: number;
  all: number;
}

export class HitCounts {
  readonly #counted = new Map<number, Counted>();

  /** Counts a hit of the breakpoint `id`, in the order of positions. The answer is its number from the beginning on. */
  add(id: number, { from }: HitCount, position: number): number {
    const counted = this.#counted.get(id) ?? { before: 0, here: 0, all: 0 };
    this.#counted.set(id, counted);
    if (position < from) counted.before++;
    else if (position === from) counted.here++;
    return ++counted.all;
  }

  /** Does this hit stop? For hits before the position, that is known once all of them are counted. */
  accepts(id: number, { accepts, from }: HitCount, position: number, nth: number): boolean {
    const { before, here } = this.#counted.get(id) ?? { before: 0, here: 0 };
    // A hit at the position itself counts as number 0: coming back there is neither forwards nor back.
    if (position === from) return accepts(0);
    return accepts(position < from ? before - nth + 1 : nth - before - here);
  }
}
