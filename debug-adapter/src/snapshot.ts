/** The state at one position of a run, with what is needed to read it as a person would. Reading changes nothing. */
import { type Field, type FrameView, Machine, type Model, type ProgramNode, Task } from '@snoopscope/sim-core';

export class Snapshot {
  readonly model: Model;
  readonly machine: Machine;
  readonly #tasks: readonly Task[];

  constructor(model: Model) {
    this.model = model;
    this.machine = new Machine(model.layout);
    const { routines } = model.world.routines;
    this.#tasks = model.world.topology.actors.map((_, actor) => new Task(this.machine, actor, model.tasks, routines));
  }

  /** Shows another state from now on. */
  show(state: Int32Array): void {
    this.machine.state.set(state);
  }

  get state(): Int32Array {
    return this.machine.state;
  }

  /** One element of a field. */
  read(field: Field, index = 0): number {
    return this.machine.state[field.base + index] as number;
  }

  /** The node that an actor stands at. */
  node(actor: number): ProgramNode {
    return this.model.nodes[this.read(this.model.tasks.node, actor)] as ProgramNode;
  }

  ended(actor: number): boolean {
    return this.node(actor).kind === 'end';
  }

  /** Is the actor in the middle of a statement? */
  inStatement(actor: number): boolean {
    return this.read(this.model.tasks.depth, actor) > 0;
  }

  /** Frames of kernel functions, innermost last. Instructions and TLPs are the statement itself. */
  kernelFrames(actor: number): FrameView[] {
    return this.frames(actor).filter(({ routine }) => routine.kind === 'kernel');
  }

  frames(actor: number): FrameView[] {
    return (this.#tasks[actor] as Task).frames();
  }

  task(actor: number): Task {
    return this.#tasks[actor] as Task;
  }
}
