/**
 * What the debugger asks about every step of a run: who made it, whether a statement ended with it, where the actor
 * then was and how many procedure calls it is inside. Grows with the run; nothing in it depends on breakpoints.
 */
import { type Deed, EDIT, type Edit, EVENT_WIDTH, NOTE, type Place, type Run } from '@snoopscope/sim-core';

/** An actor is at a statement, or has ended, and has not begun to execute it. */
export interface Arrival {
  readonly actor: number;
  readonly node: number;
  /** Calls of its place that it was inside before; deeper ones it is only about to enter. */
  readonly inside: number;
}

const NONE: readonly Arrival[] = [];

export class Track {
  readonly run: Run;
  /** Arrivals at each position; index 0 is the start of the run. */
  readonly #arrivals: (readonly Arrival[])[] = [];
  readonly #actors: number[] = [];
  readonly #moves: ReadonlyMap<string, number>;
  readonly #nodes: Int32Array;
  /** Per actor: the statement it has executed last, or -1. */
  readonly #executed: Int32Array;

  /** Does a procedure begin with a loop, so that coming back to its first statement is not a new call? */
  readonly #beginsWithLoop: (proc: string) => boolean;

  constructor(run: Run, beginsWithLoop: (proc: string) => boolean) {
    const { model } = run;
    this.run = run;
    this.#beginsWithLoop = beginsWithLoop;
    this.#moves = new Map(
      model.moves.map((move, index) => [
        move.kind === 'actor' ? `${move.actor} ${move.alternative}` : `environment ${move.index}`,
        index,
      ]),
    );
    const actors = model.world.topology.actors.length;
    this.#nodes = model.layout.initial.slice(model.tasks.node.base, model.tasks.node.base + actors);
    this.#executed = new Int32Array(actors).fill(-1);
    this.#arrivals.push(model.setup >= 0 ? [this.#arrival(model.setup)] : this.#concurrentArrivals());
  }

  /** Steps that are known so far; call after the run has grown. */
  extend(): void {
    for (let step = this.#actors.length; step < this.run.steps; step++) this.#add(step);
  }

  /** Who made a step; -1 is the environment. */
  actorOf(step: number): number {
    // A branch that a change began has not looked at the steps before it.
    return this.#actors[step] ?? this.run.step(step).actor;
  }

  /** What a step was, as an index of `Model.moves`. */
  moveOf(step: number): number {
    const { actor, node, alternative } = this.run.step(step);
    return this.#moves.get(actor < 0 ? `environment ${node}` : `${actor} ${alternative}`) ?? -1;
  }

  /** Was a step a change that the user has made? */
  isEdit(step: number): boolean {
    if (step < 0) return false;
    const { actor, node } = this.run.step(step);
    return actor < 0 && node === EDIT;
  }

  /** The same, or the changes of the user that it consists of. */
  deedOf(step: number): Deed {
    if (!this.isEdit(step)) return this.moveOf(step);
    const { firstEvent, endEvent } = this.run.step(step);
    const { log } = this.run;
    const edits: Edit[] = [];
    for (let at = (firstEvent + 1) * EVENT_WIDTH; at < endEvent * EVENT_WIDTH; at += EVENT_WIDTH)
      if (log[at]! >= 0) edits.push({ slot: log[at]!, value: log[at + 2]! });
    return edits;
  }

  /** Who arrived where with the step before a position. */
  arrivals(position: number): readonly Arrival[] {
    return this.#arrivals[position] ?? NONE;
  }

  /** Did a statement of the actor end with the step before a position? */
  endedStatement(position: number, actor: number): boolean {
    return (
      position > 0 && this.actorOf(position - 1) === actor && this.arrivals(position).some((a) => a.actor === actor)
    );
  }

  /** The arrival of an actor at the statement that it is at in a position. */
  lastArrival(position: number, actor: number): Arrival {
    for (let at = position; at >= 0; at--) {
      const arrival = this.arrivals(at).find((a) => a.actor === actor);
      if (arrival) return arrival;
    }
    return { actor, node: this.run.model.layout.initial[this.run.model.tasks.node.base + actor]!, inside: 0 };
  }

  /** The last step of an actor before a position, or -1. */
  lastStep(position: number, actor: number): number {
    let step = position - 1;
    while (step >= 0 && this.actorOf(step) !== actor) step--;
    return step;
  }

  /** Does an actor make any of the recorded steps after a position? */
  movesAfter(position: number, actor: number): boolean {
    return this.#actors.indexOf(actor, position) >= 0;
  }

  /**
   * Did the step before a position return to the kernel function at a depth of its actor's stack, though the actor is
   * deeper in now? `inside` is how many functions it is in.
   */
  returnedTo(position: number, inside: number, depth: number): boolean {
    const { log, model } = this.run;
    const { routines } = model.world.routines;
    const { firstEvent, endEvent } = this.run.step(position - 1);
    let at = inside;
    for (let event = endEvent - 1; event >= firstEvent; event--) {
      const code = log[event * EVENT_WIDTH]!;
      const isCall = code === NOTE.call;
      if (!isCall && code !== NOTE.return) continue;
      if (routines[log[event * EVENT_WIDTH + 2]!]?.kind !== 'kernel') continue;
      if (!isCall && at <= depth) return true;
      at += isCall ? -1 : 1;
    }
    return false;
  }

  #add(step: number): void {
    const { log, model } = this.run;
    const { actor, firstEvent, endEvent } = this.run.step(step);
    this.#actors.push(actor);
    const nodeSlot = model.tasks.node.base + actor;
    let done = -1;
    for (let at = firstEvent * EVENT_WIDTH; at < endEvent * EVENT_WIDTH; at += EVENT_WIDTH) {
      if (log[at] === NOTE.done) done = log[at + 2]!;
      else if (actor >= 0 && log[at] === nodeSlot) this.#nodes[actor] = log[at + 2]!;
    }
    if (done < 0) {
      this.#arrivals.push(NONE);
      return;
    }
    this.#executed[actor] = done;
    const arrival = this.#arrival(actor);
    const setupOver = actor === model.setup && model.nodes[arrival.node]?.kind === 'end';
    this.#arrivals.push(setupOver ? [arrival, ...this.#concurrentArrivals()] : [arrival]);
  }

  #arrival(actor: number): Arrival {
    const node = this.#nodes[actor]!;
    return { actor, node, inside: this.#insideCalls(this.#executed[actor]!, node) };
  }

  /** How many calls of a node's place its actor was inside when it executed another node, and has not left since. */
  #insideCalls(executed: number, node: number): number {
    const { nodes } = this.run.model;
    const before: Place['calls'] = nodes[executed]?.place.calls ?? [];
    const now: Place['calls'] = nodes[node]?.place.calls ?? [];
    const same = sharedCalls(before, now);
    if (executed < node) return same;
    // Back at the entry of a procedure: an outer loop has called it again, unless the procedure itself loops there.
    for (let depth = 0; depth < same; depth++) {
      const isEntry = sharedCalls(nodes[node - 1]?.place.calls ?? [], now) <= depth;
      if (isEntry && !now.slice(depth).some(({ proc }) => this.#beginsWithLoop(proc))) return depth;
    }
    return same;
  }

  #concurrentArrivals(): Arrival[] {
    const { model } = this.run;
    return model.world.topology.actors.flatMap((_, actor) => (actor === model.setup ? [] : [this.#arrival(actor)]));
  }
}

/** How many of the outermost calls of two places are the same. */
function sharedCalls(left: Place['calls'], right: Place['calls']): number {
  let same = 0;
  while (same < right.length && sameCall(left[same], right[same])) same++;
  return same;
}

function sameCall(left: Place['calls'][number] | undefined, right: Place['calls'][number] | undefined): boolean {
  return (
    left !== undefined &&
    right !== undefined &&
    left.file === right.file &&
    left.line === right.line &&
    left.proc === right.proc
  );
}
