/**
 * Which hits of a breakpoint with a hit count stop. They are numbered away from where the session was when it was set,
 * forwards and back, so that a place has one number whichever way one comes to it.
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

  /** Is it one that stops? Of hits before the position it is known once all of these are counted. */
  accepts(id: number, { accepts, from }: HitCount, position: number, nth: number): boolean {
    const { before, here } = this.#counted.get(id) ?? { before: 0, here: 0 };
    // Where the session was nothing has been hit yet: to come there again is neither forwards nor back.
    if (position === from) return accepts(0);
    return accepts(position < from ? before - nth + 1 : nth - before - here);
  }
}
