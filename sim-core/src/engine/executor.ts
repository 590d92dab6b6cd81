/**
 * One machine in execution: tries moves, at the granularity of micro-steps or of statements. The recorded run and the
 * explorer both use this and nothing else.
 */

import { DIED } from '../kernel/errno.ts';
import { ModelLimit } from '../limits.ts';
import { Machine, NOTE } from '../state/machine.ts';
import type { Granularity, Model } from './model.ts';
import { type StatementNode, settle } from './program.ts';
import { Task } from './task.ts';

export class Executor {
  readonly model: Model;
  readonly machine: Machine;
  readonly tasks: readonly Task[];
  /** Per actor: do its statements change what the kernel believes? */
  readonly #settles: readonly boolean[];

  /** `machine` is given by those who want to watch it; otherwise a new one. */
  constructor(model: Model, machine = new Machine(model.layout)) {
    this.model = model;
    this.machine = machine;
    this.#settles = model.world.topology.actors.map(
      (a) => a.kind === 'setup' || a.kind === 'thread' || a.kind === 'host',
    );
    this.tasks = model.world.topology.actors.map(
      (_, actor) => new Task(this.machine, actor, model.tasks, model.world.routines.routines),
    );
  }

  /** Makes a move if it is possible now; otherwise nothing has changed and the answer is false. */
  move(index: number, granularity: Granularity): boolean {
    const move = this.model.moves[index];
    if (!move) throw new RangeError(`there is no move ${index}`);
    if (this.#settingUp() && (move.kind !== 'actor' || move.actor !== this.model.setup)) return false;
    if (move.kind === 'environment') return this.#environment(move.index);
    if (!this.microStep(move.actor, move.alternative)) return false;
    if (granularity === 'statement') {
      const task = this.tasks[move.actor]!;
      while (task.depth > 0 && this.microStep(move.actor, 0)) {
        // Continues to the end of the statement, or to where it has to wait.
      }
    }
    return true;
  }

  /** Could this move be made now? Tries it and takes it back. */
  enabled(index: number): boolean {
    const mark = this.machine.length;
    const possible = this.move(index, 'micro');
    this.machine.rewind(mark);
    return possible;
  }

  /** Has this actor reached the end of its program? */
  ended(actor: number): boolean {
    return this.model.nodes[this.#node(actor)]?.kind === 'end';
  }

  /** Is it in a kernel function, waiting for a lock that another holds? Ask only where it cannot move: it is tried. */
  waitsForLock(actor: number): boolean {
    const task = this.tasks[actor]!;
    if (this.ended(actor) || task.depth === 0) return false;
    const mark = this.machine.length;
    try {
      return !this.microStep(actor, 0) && task.blockedOn >= 0;
    } catch (error) {
      // It could move, if the model were larger: that is not a lock.
      if (!(error instanceof ModelLimit)) throw error;
      this.machine.rewind(mark);
      return false;
    }
  }

  /** One micro-step of an actor. At a `choose`, `alternative` says which one. */
  microStep(actor: number, alternative: number): boolean {
    const { machine, model } = this;
    const task = this.tasks[actor]!;
    const mark = machine.length;
    const nodeSlot = model.tasks.node.base + actor;
    machine.note(NOTE.step, actor, machine.state[nodeSlot]!, alternative);
    if (task.depth === 0) {
      let node = model.nodes[machine.state[nodeSlot]!];
      if (node?.kind === 'choose') {
        const target = node.alternatives[alternative];
        if (target === undefined) return this.#refuse(mark);
        machine.put(nodeSlot, settle(machine, model.nodes, target));
        node = model.nodes[machine.state[nodeSlot]!];
      } else if (alternative !== 0) return this.#refuse(mark);
      if (node?.kind !== 'statement') return this.#refuse(mark);
      task.args = node.args;
      task.begin(node.routine);
    } else {
      if (alternative !== 0) return this.#refuse(mark);
      task.args = (model.nodes[machine.state[nodeSlot]!] as StatementNode).args;
    }
    if (task.runStep() === 'blocked') return this.#refuse(mark);
    if (task.finished) this.#finish(task, nodeSlot);
    return true;
  }

  #finish(task: Task, nodeSlot: number): void {
    const { machine, model } = this;
    const node = model.nodes[machine.state[nodeSlot]!] as StatementNode;
    const died = task.finishedBy === model.world.files.makeTaskDead.id;
    const value = died ? DIED : task.value;
    machine.note(NOTE.done, task.actor, node.id, value);
    if (!died) node.finish?.(task, value, node);
    // Instructions and TLPs have moments of their own; what calls and host actions change is looked at here.
    if (this.#settles[task.actor]) model.world.monitors.settled(machine);
    task.end();
    machine.put(nodeSlot, died ? model.ends[task.actor]! : settle(machine, model.nodes, node.next));
  }

  #environment(index: number): boolean {
    const mark = this.machine.length;
    this.machine.note(NOTE.environment, index, 0, 0);
    const move = this.model.environment[index];
    return move?.run(this.machine) ? true : this.#refuse(mark);
  }

  #refuse(mark: number): false {
    this.machine.rewind(mark);
    return false;
  }

  #settingUp(): boolean {
    return this.model.setup >= 0 && !this.ended(this.model.setup);
  }

  #node(actor: number): number {
    return this.machine.state[this.model.tasks.node.base + actor]!;
  }
}
