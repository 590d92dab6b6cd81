/** Where actors are in kernel functions, followed through the log event by event. */
import { Frames, type Model } from '@snoopscope/sim-core';

export class FrameFollower {
  readonly #frames: Frames;
  /** What the first slot of each frame holds: the code of the next step, plus one; 0 for none. */
  readonly #places: Int32Array;
  /** Per actor: the step that has made its last call, or -1. */
  readonly #callers: Int32Array;
  #lastSlot = -1;
  #lastOld = 0;

  constructor(model: Model) {
    this.#frames = new Frames(model);
    this.#places = model.layout.initial.slice(this.#frames.base, this.#frames.end);
    this.#callers = new Int32Array(model.world.topology.actors.length).fill(-1);
  }

  /** A slot has taken a value. */
  change(slot: number, old: number, value: number): void {
    const frames = this.#frames;
    if (frames.isPlace(slot)) {
      if (old === 0 && frames.depthOf(slot) > 0) {
        // The caller's own place changes just before the call, unless the step is to run again.
        const caller = slot - frames.slots;
        const place = this.#lastSlot === caller ? this.#lastOld : this.#places[caller - frames.base]!;
        this.#callers[frames.actorOf(slot)] = place - 1;
      }
      this.#places[slot - frames.base] = value;
    }
    this.#lastSlot = slot;
    this.#lastOld = old;
  }

  /** The step that an actor is before in its innermost function, or -1. */
  top(actor: number): number {
    const { perActor, slots } = this.#frames;
    for (let at = (actor + 1) * perActor - slots; at >= actor * perActor; at -= slots) {
      const place = this.#places[at]!;
      if (place > 0) return place - 1;
    }
    return -1;
  }

  /** The step that has made an actor's last call, or -1. */
  caller(actor: number): number {
    return this.#callers[actor]!;
  }
}
