/**
 * A recorded run: the list of its events, a way to extend it at its end, and cursors at any place in it.
 *
 * Nothing is computed twice and nothing is run backwards: going back is applying events from their other side.
 * Costs: extending appends 16 bytes an event; moving a cursor by n steps applies the events of n steps.
 */
import { EVENT_WIDTH, HAPPENINGS } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { Executor } from './executor.ts';
import type { Granularity, Model, Move, ScheduledMove } from './model.ts';
import { FINDINGS } from './monitors/table.ts';
import { type ScheduleProblem, scheduleProblemOf } from './schedule-problem.ts';

/** Why a run cannot be extended. */
export type End =
  /** Every actor has finished. */
  | { readonly kind: 'completed' }
  /** No actor can move: `waiting` are the actors that have not ended; `deadlock` when one of them waits for a lock. */
  | { readonly kind: 'stuck'; readonly waiting: readonly number[]; readonly deadlock: boolean }
  /** A limit was reached; `limit` names it. */
  | { readonly kind: 'limit'; readonly limit: 'steps' | 'events'; readonly at: number };

/** One micro-step or environment move in a run. */
export interface StepInfo {
  /** Index of the actor, or -1 for the environment. */
  readonly actor: number;
  /** The node it was at, or the environment move's index. */
  readonly node: number;
  readonly alternative: number;
  /** Events [first, end) belong to it. */
  readonly firstEvent: number;
  readonly endEvent: number;
}

export interface RunOptions {
  /** Moves to make first, in order. Without any, the file's own schedule. */
  readonly schedule?: readonly ScheduledMove[];
  /** What a count in the schedule counts. */
  readonly granularity?: Granularity;
  /** Micro-steps after which the run stops with a limit. */
  readonly maxSteps?: number;
  /**
   * Begins with the first steps of another run instead of making them. They are all within `setup`, and its model is equal
   * as far as they go: the caller has seen to that.
   */
  readonly begun?: { readonly run: Run; readonly steps: number };
}

export const DEFAULT_MAX_STEPS = 1_000_000;

/** In place of an environment move: somebody has changed the state. */
export const EDIT = -1;

/** A slot that is to hold another value. */
export interface Edit {
  readonly slot: number;
  readonly value: number;
}

export class Run {
  readonly model: Model;
  readonly executor: Executor;
  /** Event index at which each step begins. */
  readonly #starts: number[];
  readonly #maxSteps: number;
  readonly #granularity: Granularity;
  readonly #schedule: readonly ScheduledMove[];
  #scheduleIndex = 0;
  #scheduleCount = 0;
  /** The actor that moves next unless it cannot: runs stay with one actor until it waits. */
  #current: number;
  #end: End | undefined;
  /** Events before the finding that nothing can move any more, once it is made. */
  #endedAfter: number | undefined;
  /** Set when the schedule asked for a move that was not possible. */
  scheduleProblem: ScheduleProblem | undefined;

  constructor(model: Model, options: RunOptions = {}) {
    this.model = model;
    this.executor = new Executor(model);
    this.#maxSteps = options.maxSteps ?? DEFAULT_MAX_STEPS;
    this.#schedule = options.schedule ?? model.schedule;
    this.#granularity = options.granularity ?? model.granularity;
    this.#current = Math.max(model.setup, 0);
    const { run = this, steps = 0 } = options.begun ?? {};
    this.#starts = steps === 0 ? [] : run.#starts.slice(0, steps);
    if (steps > 0)
      this.executor.machine.adopt(run.log, run.step(steps).firstEvent * EVENT_WIDTH, run.events * EVENT_WIDTH);
  }

  /** Number of steps so far. */
  get steps(): number {
    return this.#starts.length;
  }

  /** Number of events so far. */
  get events(): number {
    return this.executor.machine.events;
  }

  /** Set once the run cannot be extended. */
  get end(): End | undefined {
    return this.#end;
  }

  /** Does the schedule still say who moves next? */
  get followsSchedule(): boolean {
    return this.#scheduleIndex < this.#schedule.length;
  }

  /** The events: {@link EVENT_WIDTH} integers each, `events` of them. */
  get log(): Int32Array {
    return this.executor.machine.log;
  }

  step(index: number): StepInfo {
    const firstEvent = this.#starts[index];
    if (firstEvent === undefined) throw new RangeError(`the run has ${this.steps} steps, not ${index + 1}`);
    const at = firstEvent * EVENT_WIDTH;
    const actor = this.log[at] === NOTE.environment ? -1 : this.log[at + 1]!;
    return {
      actor,
      node: this.log[at + (actor < 0 ? 1 : 2)]!,
      alternative: actor < 0 ? 0 : this.log[at + 3]!,
      firstEvent,
      endEvent: this.#starts[index + 1] ?? this.events,
    };
  }

  /** The step that an event belongs to. */
  stepOfEvent(event: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= event) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Makes the next move: what the schedule says, then the actor that moved last, then the first that can, in the order
   * of the file, then posted writes that are on their way. Appends one step, or several when a schedule counts statements. False at the end.
   */
  advance(): boolean {
    if (this.#end || this.#overLimit()) return false;
    if (this.#settingUp()) return this.#advanceActor(this.model.setup) || this.#stop();
    const scheduled = this.#nextScheduled();
    if (scheduled !== undefined) return this.#make(scheduled, this.#granularity);
    // A machine without actors has none to continue with.
    if (this.#current < this.executor.tasks.length && this.#advanceActor(this.#current)) return true;
    for (let actor = 0; actor < this.executor.tasks.length; actor++) {
      if (this.#advanceActor(actor)) return true;
    }
    return this.#advanceEnvironment() || this.#stop();
  }

  /**
   * The move that {@link advance} would make, as an index of `Model.moves`; undefined when there is none. Nothing changes.
   */
  nextMove(): number | undefined {
    if (this.#end) return undefined;
    const { moves, setup } = this.model;
    const first = (wanted: (move: Move) => boolean): number | undefined => {
      const found = moves.findIndex((move, index) => wanted(move) && this.executor.enabled(index));
      return found < 0 ? undefined : found;
    };
    const ofActor = (actor: number) => (move: Move) => move.kind === 'actor' && move.actor === actor;
    if (this.#settingUp()) return first(ofActor(setup));
    const scheduled = this.#schedule[this.#scheduleIndex]?.move;
    if (scheduled !== undefined && this.executor.enabled(scheduled)) return scheduled;
    return (
      first(ofActor(this.#current)) ??
      first(({ kind }) => kind === 'actor') ??
      first((move) => move.kind === 'environment' && move.inevitable)
    );
  }

  /**
   * Changes the state at the end of the run, as no actor did: what a debugger's user wants to know "what if" of. Appends
   * one step of the environment whose move is {@link EDIT}.
   */
  edit(changes: readonly Edit[]): void {
    const { machine } = this.executor;
    this.#starts.push(this.events);
    machine.note(NOTE.environment, EDIT, 0, 0);
    for (const { slot, value } of changes) machine.put(slot, value);
    this.#end = undefined;
    this.#endedAfter = undefined;
  }

  /**
   * Appends steps by their recorded events instead of making them; the schedule, which is for steps from the beginning,
   * no longer counts. With `ended` they are the whole run. False when an event does not fit the state or names what the
   * model does not have: the run is then of no use.
   */
  replay(events: Int32Array, ended = false): boolean {
    const { machine } = this.executor;
    for (let at = 0; at < events.length; at += EVENT_WIDTH) {
      const [code, a, b, c] = [events[at]!, events[at + 1]!, events[at + 2]!, events[at + 3]!];
      const begins = code === NOTE.step || code === NOTE.environment;
      if (begins ? !this.#isStep(code, a, b) : this.steps === 0 || !isCode(code)) return false;
      if (begins) this.#starts.push(this.events);
      if (code === NOTE.step) this.#current = a;
      if (!machine.replay(code, a, b, c)) return false;
    }
    this.#scheduleIndex = this.#schedule.length;
    if (!ended) return true;
    this.#end = this.#stuck();
    this.#endedAfter = lastDeadlock(events, this.events);
    return true;
  }

  /**
   * Appends the rest of another run instead of making it. That run is over, and before its `step` the state was what it is
   * now; the caller has seen to it that what follows cannot differ.
   */
  continueLike(run: Run, step: number): void {
    const { machine } = this.executor;
    const first = run.#starts[step] ?? run.events;
    const shift = this.events - first;
    for (let at = step; at < run.steps; at++) this.#starts.push(run.#starts[at]! + shift);
    machine.append(run.log.subarray(first * EVENT_WIDTH, run.events * EVENT_WIDTH), run.executor.machine.state);
    this.#current = run.#current;
    this.#scheduleIndex = run.#scheduleIndex;
    this.#scheduleCount = run.#scheduleCount;
    this.scheduleProblem = run.scheduleProblem;
    this.#end = run.#end;
    this.#endedAfter = run.#endedAfter === undefined ? undefined : run.#endedAfter + shift;
  }

  /** The events of the first steps, without the finding that nothing can move any more. */
  eventsOf(steps: number): Int32Array {
    const end = steps < this.steps ? this.#starts[steps]! : (this.#endedAfter ?? this.events);
    return this.log.subarray(0, end * EVENT_WIDTH);
  }

  /** Makes one micro-step of a given actor at the end of the run, whatever the schedule says. False if it cannot. */
  advanceActor(actor: number, alternative = 0): boolean {
    if (this.#end || this.#overLimit()) return false;
    return this.#advanceActor(actor, alternative);
  }

  /** Makes a given move (`Model.moves`) at the end of the run. False if it cannot. */
  make(move: number, granularity: Granularity = 'micro'): boolean {
    if (this.#end || this.#overLimit()) return false;
    return this.#make(move, granularity);
  }

  /** Runs on to the end or a limit. */
  runToEnd(): End {
    while (this.advance()) {
      // Each round appends at least one step, and steps are limited.
    }
    return this.#end ?? this.#stuck();
  }

  cursor(): Cursor {
    return new Cursor(this);
  }

  /** Can a recorded step begin like this? */
  #isStep(code: number, a: number, b: number): boolean {
    const { environment, nodes } = this.model;
    if (code === NOTE.environment) return a === EDIT || environment[a] !== undefined;
    return this.executor.tasks[a] !== undefined && nodes[b] !== undefined;
  }

  #settingUp(): boolean {
    return this.model.setup >= 0 && !this.executor.ended(this.model.setup);
  }

  #advanceActor(actor: number, alternative = 0): boolean {
    const before = this.events;
    if (!this.executor.microStep(actor, alternative)) {
      if (alternative !== 0 || !this.#atChoice(actor)) return false;
      // A run without a schedule takes the first alternative that can begin.
      const count = this.#alternatives(actor);
      for (let other = 1; other < count; other++) if (this.#advanceActor(actor, other)) return true;
      return false;
    }
    this.#current = actor;
    this.#starts.push(before);
    return true;
  }

  /** No other actor can move: what happens sooner or later happens now. */
  #advanceEnvironment(): boolean {
    return this.model.moves.some(
      (move, index) => move.kind === 'environment' && move.inevitable && this.#make(index, 'micro'),
    );
  }

  #atChoice(actor: number): boolean {
    return this.#alternatives(actor) > 1 && (this.executor.tasks[actor]?.depth ?? 0) === 0;
  }

  #alternatives(actor: number): number {
    const node = this.model.nodes[this.executor.machine.state[this.model.tasks.node.base + actor]!];
    return node?.kind === 'choose' ? node.alternatives.length : 1;
  }

  #make(index: number, granularity: Granularity): boolean {
    const before = this.events;
    if (!this.executor.move(index, granularity)) return false;
    const move = this.model.moves[index];
    if (move?.kind === 'actor') this.#current = move.actor;
    const { log } = this;
    for (let event = before; event < this.events; event++) {
      const code = log[event * EVENT_WIDTH]!;
      if (code === NOTE.step || code === NOTE.environment) this.#starts.push(event);
    }
    return true;
  }

  #nextScheduled(): number | undefined {
    const item = this.#schedule[this.#scheduleIndex];
    if (!item) return undefined;
    if (!this.executor.enabled(item.move)) {
      this.scheduleProblem = scheduleProblemOf(this.executor, this.#scheduleIndex, item, this.#scheduleCount);
      this.#scheduleIndex = this.#schedule.length;
      return undefined;
    }
    if (++this.#scheduleCount >= item.count) {
      this.#scheduleIndex++;
      this.#scheduleCount = 0;
    }
    return item.move;
  }

  #overLimit(): boolean {
    if (this.steps < this.#maxSteps) return false;
    this.#end = { kind: 'limit', limit: 'steps', at: this.steps };
    return true;
  }

  #stop(): false {
    this.#end = this.#stuck();
    if (this.#end.kind === 'stuck' && this.#end.deadlock && this.steps > 0) {
      // The finding belongs to the last step: there will be no other.
      const stuck = this.#end.waiting.filter((actor) => this.executor.waitsForLock(actor));
      const all = stuck.reduce((bits, actor) => (actor < 31 ? bits | (1 << actor) : bits), 0);
      this.#endedAfter = this.events;
      this.model.world.monitors.report(this.executor.machine, 'deadlock', stuck[0] ?? -1, all);
    }
    return false;
  }

  #stuck(): End {
    const { executor } = this;
    const waiting = executor.tasks.filter((t) => !executor.ended(t.actor)).map((t) => t.actor);
    if (waiting.length === 0) return { kind: 'completed' };
    const deadlock = waiting.some((actor) => executor.waitsForLock(actor));
    return { kind: 'stuck', waiting, deadlock };
  }
}

function isCode(code: number): boolean {
  return code >= 0 || HAPPENINGS[~code] !== undefined;
}

/** How many of a run's events come before the finding of a deadlock with which it ended, if it did. */
function lastDeadlock(events: Int32Array, count: number): number | undefined {
  const deadlock = FINDINGS.indexOf('deadlock');
  // A slot that remembers the finding may follow it.
  for (let back = 1; back <= 2; back++) {
    const at = events.length - back * EVENT_WIDTH;
    if (events[at] === NOTE.finding && events[at + 1] === deadlock) return count - back;
  }
  return undefined;
}

/** A place in a run, with the state there. Position p is after the first p steps. */
export class Cursor {
  readonly run: Run;
  readonly state: Int32Array;
  #position = 0;
  #event = 0;

  constructor(run: Run) {
    this.run = run;
    this.state = run.model.layout.initial.slice();
  }

  get position(): number {
    return this.#position;
  }

  /** Goes to a position between 0 and the number of steps, forwards or back. */
  seek(position: number): void {
    if (position < 0 || position > this.run.steps)
      throw new RangeError(`no position ${position} in ${this.run.steps} steps`);
    const target = position === this.run.steps ? this.run.events : this.run.step(position).firstEvent;
    const { log } = this.run;
    for (; this.#event < target; this.#event++) {
      const at = this.#event * EVENT_WIDTH;
      const slot = log[at]!;
      if (slot >= 0) this.state[slot] = log[at + 2]!;
    }
    while (this.#event > target) {
      this.#event--;
      const at = this.#event * EVENT_WIDTH;
      const slot = log[at]!;
      if (slot >= 0) this.state[slot] = log[at + 1]!;
    }
    this.#position = position;
  }
}
