/** Which steps a timeline shows while its cursor moves: the reader's choice, else what can be read. */
import type { Timeline } from '@snoopscope/sim-core';

type Window = Timeline['window'];

/** Steps that fit a screen with their statements still told apart. */
const READABLE = 240;

export class TimelineWindow {
  #chosen: Window | undefined;

  /** The reader wants to see these; the whole run when they are all. */
  choose(window: Window, steps: number): void {
    this.#chosen = window.first <= 0 && window.end >= steps && steps <= READABLE ? undefined : window;
  }

  /** The run is another one. */
  forget(): void {
    this.#chosen = undefined;
  }

  /** What to show of a run with the cursor at a position: it is always in view. */
  at(steps: number, cursor: number): Window {
    const { first, end } = this.#chosen ?? { first: 0, end: steps };
    const size = Math.max(1, Math.min(steps, this.#chosen ? end - first : READABLE));
    if (!this.#chosen && steps <= READABLE) return { first: 0, end: Math.max(1, steps) };
    if (this.#chosen && cursor >= first && cursor <= end && end <= steps) return { first, end };
    const from = Math.max(0, Math.min(steps - size, Math.round(cursor - size * 0.7)));
    return { first: from, end: from + size };
  }
}
