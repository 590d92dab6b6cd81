/** The state at one position of a run, with what is needed to read it as a person would. Reading changes nothing. */
import {
  type Field,
  type FileKind,
  type FrameView,
  Machine,
  type Model,
  type ObjectNames,
  type ProgramNode,
  Task,
} from '@snoopscope/sim-core';

export class Moment {
  readonly model: Model;
  readonly machine: Machine;
  readonly #tasks: readonly Task[];
  readonly #names: ObjectNames | undefined;
  #position = 0;

  /** Without the names of a run, objects have none. */
  constructor(model: Model, names?: ObjectNames, machine = new Machine(model.layout)) {
    this.model = model;
    this.#names = names;
    this.machine = machine;
    const { routines } = model.world.routines;
    this.#tasks = model.world.topology.actors.map((_, actor) => new Task(this.machine, actor, model.tasks, routines));
  }

  /** A view of another state of the same run, on a machine of its own. */
  sibling(machine: Machine): Moment {
    return new Moment(this.model, this.#names, machine);
  }

  /** Shows another state from now on: that at a position of the run. */
  show(state: Int32Array, position: number): void {
    this.machine.state.set(state);
    this.#position = position;
  }

  /** What the scenario calls the object of files of a kind; undefined when no name means it. */
  objectName(kind: FileKind, object: number): string | undefined {
    return this.#names?.ofObject(kind, object, this.#position);
  }

  fileName(file: number): string | undefined {
    return this.#names?.ofFile(file, this.#position);
  }

  /** The process in whose table a bound name is a descriptor. */
  processOfName(name: string): number {
    return this.#names?.processOf(name, this.#position) ?? 0;
  }

  get state(): Int32Array {
    return this.machine.state;
  }

  /** One element of a field. */
  read(field: Field, index = 0): number {
    return this.machine.state[field.base + index]!;
  }

  /** The node that an actor is at. */
  node(actor: number): ProgramNode {
    return this.model.nodes[this.read(this.model.tasks.node, actor)]!;
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
    return this.#tasks[actor]!.frames();
  }

  task(actor: number): Task {
    return this.#tasks[actor]!;
  }
}
