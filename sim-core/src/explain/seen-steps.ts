/**
 * What the steps of routines were seen to do in recorded runs: which functions they called, where they continued, that
 * they returned. Read from the log, where every change of a frame is; nothing is executed. Cost: one look at each event.
 */
import type { Model } from '../engine/model.ts';
import { ROUTINE_STEPS } from '../engine/routine.ts';
import type { Run } from '../engine/run.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';

export interface SeenStep {
  /** Ids of the routines that it called. */
  readonly calls: ReadonlySet<number>;
  /** Steps of the same routine that came next. */
  readonly next: ReadonlySet<number>;
  readonly returns: boolean;
}

interface Growing {
  readonly calls: Set<number>;
  readonly next: Set<number>;
  returns: boolean;
}

const NOTHING: SeenStep = { calls: new Set(), next: new Set(), returns: false };

/** Where the frames of actors are in the state, and what their first slot says. */
export class Frames {
  readonly base: number;
  readonly end: number;
  readonly slots: number;
  readonly perActor: number;

  constructor({ tasks }: Model) {
    const [, depth = 1, slots = 1] = tasks.frames.dims;
    this.base = tasks.frames.base;
    this.end = this.base + tasks.frames.size;
    this.slots = slots;
    this.perActor = depth * slots;
  }

  /** Is it the slot that says where a frame is? */
  isPlace(slot: number): boolean {
    return slot >= this.base && slot < this.end && (slot - this.base) % this.slots === 0;
  }

  /** The depth of a frame, outermost 0. */
  depthOf(slot: number): number {
    return Math.floor(((slot - this.base) % this.perActor) / this.slots);
  }

  /** What the first slot of a frame says: the routine, and the step that is next. */
  at(stored: number): { readonly routine: number; readonly step: number } {
    const code = stored - 1;
    return { routine: Math.trunc(code / ROUTINE_STEPS), step: code % ROUTINE_STEPS };
  }

  actorOf(slot: number): number {
    return Math.floor((slot - this.base) / this.perActor);
  }
}

/** A routine's step as one number: what a frame's first slot holds, less one. */
export function stepCode(routine: number, step: number): number {
  return routine * ROUTINE_STEPS + step;
}

export class SeenSteps {
  readonly #steps = new Map<number, Growing>();

  of(routine: number, step: number): SeenStep {
    return this.#steps.get(stepCode(routine, step)) ?? NOTHING;
  }

  /** Takes in what a run has recorded, from one event on. */
  learn(run: Run, from = 0): void {
    const { log, model } = run;
    const frames = new Frames(model);
    const places = model.layout.initial.slice(frames.base, frames.end);
    for (let event = 0; event < run.events; event++) {
      const at = event * EVENT_WIDTH;
      const slot = log[at]!;
      if (!frames.isPlace(slot)) continue;
      const [old, now] = [log[at + 1]!, log[at + 2]!];
      if (event >= from) this.#learnOne(run, frames, places, event, old, now);
      places[slot - frames.base] = now;
    }
  }

  #learnOne(run: Run, frames: Frames, places: Int32Array, event: number, old: number, now: number): void {
    const slot = run.log[event * EVENT_WIDTH]!;
    if (old > 0 && now > 0) this.#grow(old - 1).next.add((now - 1) % ROUTINE_STEPS);
    else if (old > 0 && this.#returned(run, event)) this.#grow(old - 1).returns = true;
    else if (old === 0 && frames.depthOf(slot) > 0) {
      // The caller's own place changes just before the call, unless the step is to run again.
      const caller = slot - frames.slots;
      const before = (event - 1) * EVENT_WIDTH;
      const own = run.log[before] === caller ? run.log[before + 1]! : (places[caller - frames.base] ?? 0);
      if (own > 0) this.#grow(own - 1).calls.add(Math.trunc((now - 1) / ROUTINE_STEPS));
    }
  }

  /** A frame also goes when the kernel faults, and then nothing returns. */
  #returned({ log, events }: Run, event: number): boolean {
    for (let at = event + 1; at < events; at++) {
      const code = log[at * EVENT_WIDTH]!;
      if (code === NOTE.return) return true;
      if (code < 0) return false;
    }
    return false;
  }

  #grow(code: number): Growing {
    let step = this.#steps.get(code);
    if (!step) {
      step = { calls: new Set(), next: new Set(), returns: false };
      this.#steps.set(code, step);
    }
    return step;
  }
}
