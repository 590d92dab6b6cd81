/** How deep an actor is in calls, and how many of its frames the user is shown: those of calls come when they are entered. */
import type { Moment } from './moment.ts';
import type { Focus } from './movement.ts';
import type { Track } from './track.ts';

/** Frames that the user looks into: kernel functions, and calls of procedures. */
export interface Depth {
  readonly functions: number;
  readonly calls: number;
}

export class ShownFrames {
  readonly #moment: Moment;
  readonly #track: Track;
  /** The position that the moment shows. */
  readonly #position: () => number;

  constructor(moment: Moment, track: Track, position: () => number) {
    this.#moment = moment;
    this.#track = track;
    this.#position = position;
  }

  /** Calls whose frames are to be shown of the actor that the user looks at. */
  calls({ actor, reveal }: Focus): number {
    return actor < 0 ? 0 : this.insideCalls(actor) + Math.max(0, reveal);
  }

  /** Kernel functions of the actor that the user looks at, without those that are not shown yet. */
  functions(focus: Focus): number {
    return focus.actor < 0 ? 0 : this.#moment.kernelFrames(focus.actor).length - this.hiddenFunctions(focus);
  }

  depth(focus: Focus): Depth {
    return { functions: this.functions(focus), calls: this.calls(focus) };
  }

  /** Calls that the actor is about to enter, or kernel functions that it has entered, and that are not shown yet. */
  hidden(focus: Focus): number {
    if (focus.actor < 0) return 0;
    if (this.#moment.inStatement(focus.actor)) return this.hiddenFunctions(focus);
    return Math.max(0, this.#moment.node(focus.actor).place.calls.length - this.calls(focus));
  }

  /** Kernel functions that the actor has entered and that are not shown. */
  hiddenFunctions({ actor, reveal }: Focus): number {
    if (actor < 0 || reveal >= 0) return 0;
    return Math.min(-reveal, Math.max(0, this.#moment.kernelFrames(actor).length - 1));
  }

  /** Procedure calls that an actor is inside. */
  insideCalls(actor: number): number {
    const { calls } = this.#moment.node(actor).place;
    if (this.#moment.inStatement(actor)) return calls.length;
    return Math.min(this.#track.lastArrival(this.#position(), actor).inside, calls.length);
  }

  /** Has the actor, in its last step, come back to the kernel function at a depth of its stack, or stayed there? */
  passedThrough(actor: number, depth: number): boolean {
    const inside = this.#moment.kernelFrames(actor).length;
    return inside <= depth || this.#track.returnedTo(this.#position(), inside, depth);
  }

  /** Has an actor, with its last step, left the innermost frame that it was in? */
  hasLeft(actor: number, { functions, calls }: Depth): boolean {
    if (actor < 0) return true;
    const ended = this.#track.endedStatement(this.#position(), actor);
    if (functions > 0) return ended || this.passedThrough(actor, functions - 1);
    return ended && (this.#moment.ended(actor) || (calls > 0 && this.insideCalls(actor) < calls));
  }
}
