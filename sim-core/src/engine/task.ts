/**
 * How an actor executes: a small call stack in the state vector, one step of one routine at a time.
 *
 * A routine is a function of the modelled world (a kernel function, an instruction, what a device does for a TLP) cut
 * into steps at the points where another CPU could interleave: a lock taken or dropped, a shared flag read, a list
 * changed, an IPI sent. A step that touches nothing shared is `local` and runs on together with the one before it.
 * All that outlives a step is in slots: which step is next, the locals of each frame, the value last returned. So the
 * debugger's stack is the real stack, and the explorer can leave an actor in the middle of a kernel function.
 *
 * Cost: a call writes 2 + number of arguments slots, a return as many.
 */

import type { Field, LayoutBuilder } from '../state/layout.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import type { StatementArgs } from './compile.ts';
import { type AnyRoutine, FRAME_LOCALS, type Label, type Local, ROUTINE_STEPS, type Routine } from './routine.ts';

/** Frames of one actor. The deepest real path (closing a device destroys the VM, which tells VFIO) needs 11. */
export const FRAME_DEPTH = 16;
const FRAME_SLOTS = 1 + FRAME_LOCALS;
const NO_ARGS: StatementArgs = { values: [], request: -1, action: undefined };

/** What the interpreter needs in the state vector for each actor. */
export interface TaskFields {
  /** Node of the actor's program that it is at. */
  readonly node: Field;
  /** Number of frames; 0 between statements. */
  readonly depth: Field;
  /** Per actor and frame: routine * ROUTINE_STEPS + next step + 1, then the locals. */
  readonly frames: Field;
  /** What the last returned routine returned, until the statement ends. */
  readonly value: Field;
}

export function taskFields(layout: LayoutBuilder, actorNames: readonly string[]): TaskFields {
  const labels = [actorNames];
  const actors = actorNames.length;
  return {
    node: layout.field('node', [actors], { labels, internal: true }),
    depth: layout.field('depth', [actors], { labels, internal: true }),
    frames: layout.field('frame', [actors, FRAME_DEPTH, FRAME_SLOTS], { labels, internal: true }),
    value: layout.field('value', [actors], { labels, internal: true }),
  };
}

export type StepOutcome = 'moved' | 'blocked';

/** One frame as a person sees it. */
export interface FrameView {
  readonly routine: AnyRoutine;
  /** Index of the step that runs next (top frame) or that the callee returns to. */
  readonly step: number;
}

/** An actor in execution. There is one object per actor and machine; it holds no state of its own between steps. */
export class Task {
  readonly machine: Machine;
  readonly actor: number;
  readonly #routines: readonly AnyRoutine[];
  readonly #depthSlot: number;
  readonly #framesBase: number;
  readonly #valueSlot: number;

  // What the running step asked for. Only meaningful inside `runStep`.
  #frame = 0;
  #next = 0;
  #done = false;
  #blocked = false;
  /** The lock slot that the last `block` waited for, or -1 when it waited for something else. */
  blockedOn = -1;
  /** The arguments of the statement that is being executed. */
  args: StatementArgs = NO_ARGS;
  /** Set when the bottom frame returned: the statement is over and `value` is its result. */
  finished = false;
  /** The routine of the bottom frame that returned last. */
  finishedBy = -1;

  constructor(machine: Machine, actor: number, fields: TaskFields, routines: readonly AnyRoutine[]) {
    this.machine = machine;
    this.actor = actor;
    this.#routines = routines;
    this.#depthSlot = fields.depth.base + actor;
    this.#framesBase = fields.frames.base + actor * FRAME_DEPTH * FRAME_SLOTS;
    this.#valueSlot = fields.value.base + actor;
  }

  // --- inside a step -------------------------------------------------------------------------------------------

  /** A local of the running frame, by its index. Steps say {@link Local.of}. */
  get(local: number): number {
    return this.machine.state[this.#frame + 1 + local]!;
  }

  set(local: number, value: number): void {
    this.machine.put(this.#frame + 1 + local, value);
  }

  /** What the last call returned. */
  get value(): number {
    return this.machine.state[this.#valueSlot]!;
  }

  /** Continues at a label of this routine. */
  goto(label: Label): void {
    this.#next = label.index;
  }

  /** Runs this step again when its callee has returned, or when it is next scheduled. */
  again(): void {
    this.#next--;
  }

  /** Calls a routine; this one continues after the step when it returns. Must be the last thing a step does. */
  call<A extends readonly number[]>(routine: Routine<A>, ...args: NoInfer<A>): void {
    const { machine } = this;
    machine.put(this.#frame, machine.state[this.#frame]! - this.#stepOf() + this.#next);
    this.#push(routine, args);
    this.#done = true;
  }

  /** Ends this routine. */
  return(value = 0): void {
    const { machine } = this;
    const depth = machine.state[this.#depthSlot]!;
    const routine = Math.trunc((machine.state[this.#frame]! - 1) / ROUTINE_STEPS);
    for (let i = 0; i < FRAME_SLOTS; i++) machine.put(this.#frame + i, 0);
    machine.put(this.#depthSlot, depth - 1);
    machine.note(NOTE.return, this.actor, routine, value);
    machine.put(this.#valueSlot, value);
    this.#done = true;
    if (depth !== 1) return;
    this.finished = true;
    this.finishedBy = routine;
  }

  /**
   * The kernel faults in this step: all functions of the call end where they are, with the locks and references that they
   * hold, and `death` runs in their place. When it returns, the actor is at the end of its program.
   */
  die(death: Routine): void {
    const { machine } = this;
    const depth = this.depth;
    for (let slot = 0; slot < depth * FRAME_SLOTS; slot++) machine.put(this.#framesBase + slot, 0);
    machine.put(this.#depthSlot, 0);
    this.#push<[]>(death, []);
    this.#done = true;
  }

  /** The step cannot run now. It must not have written anything. `lock` is the slot it waits for. */
  block(lock = -1): void {
    this.#blocked = true;
    this.#done = true;
    this.blockedOn = lock;
  }

  /** Inside a step that has run: could it not run now? */
  get waits(): boolean {
    return this.#blocked;
  }

  // --- from outside --------------------------------------------------------------------------------------------

  get depth(): number {
    return this.machine.state[this.#depthSlot]!;
  }

  /** The stack, innermost frame last. */
  frames(): FrameView[] {
    const { state } = this.machine;
    const views: FrameView[] = [];
    for (let d = 0; d < this.depth; d++) {
      const code = state[this.#framesBase + d * FRAME_SLOTS]! - 1;
      const routine = this.#routines[Math.trunc(code / ROUTINE_STEPS)];
      if (!routine) throw new Error(`frame ${d} of actor ${this.actor} names no routine`);
      views.push({ routine, step: code % ROUTINE_STEPS });
    }
    return views;
  }

  /** Puts the first frame of a statement on the empty stack. */
  begin(routine: Routine): void {
    this.finished = false;
    this.#push<[]>(routine, []);
  }

  /** Runs the next step and the local steps after it. The stack must not be empty. */
  runStep(): StepOutcome {
    const { machine } = this;
    const { state } = machine;
    for (let first = true; ; first = false) {
      const depth = state[this.#depthSlot]!;
      this.#frame = this.#framesBase + (depth - 1) * FRAME_SLOTS;
      const code = state[this.#frame]! - 1;
      const index = code % ROUTINE_STEPS;
      const routine = this.#routines[(code - index) / ROUTINE_STEPS]!;
      const step = routine.steps[index];
      if (!step) throw new Error(`${routine.name} ran past its last step`);
      if (!first && !step.local) return 'moved';
      this.#next = index + 1;
      this.#done = false;
      this.#blocked = false;
      step.run(this);
      if (this.#blocked) {
        if (!first) throw new Error(`${routine.name}: a local step cannot wait`);
        return 'blocked';
      }
      if (!this.#done) machine.put(this.#frame, code - index + this.#next + 1);
      if (this.finished) return 'moved';
    }
  }

  /** Clears what a finished statement left, so that equal situations are equal states. */
  end(): void {
    this.machine.put(this.#valueSlot, 0);
    this.finished = false;
  }

  #stepOf(): number {
    return (this.machine.state[this.#frame]! - 1) % ROUTINE_STEPS;
  }

  #push<A extends readonly number[]>(routine: Routine<A>, args: A): void {
    const { machine } = this;
    const depth = machine.state[this.#depthSlot]!;
    if (depth >= FRAME_DEPTH) throw new Error(`${routine.name}: the call stack is deeper than ${FRAME_DEPTH} frames`);
    routine.begin();
    const frame = this.#framesBase + depth * FRAME_SLOTS;
    machine.put(frame, routine.id * ROUTINE_STEPS + 1);
    for (let i = 0; i < args.length; i++) machine.put(frame + 1 + i, routine.parameters[i]!.toSlot(args[i]!));
    machine.put(this.#depthSlot, depth + 1);
    machine.note(NOTE.call, this.actor, routine.id, depth);
  }
}
