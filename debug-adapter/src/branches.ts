/**
 * The runs of one session. Going back and letting somebody else move begins another run that shares its beginning with
 * the first: a branch. None is ever lost or changed; what was recorded after the fork stays where it was.
 *
 * Costs: a branch repeats the steps before its fork once, and holds a log of its own.
 */
import {
  type Deed,
  type Edit,
  EVENT_WIDTH,
  Executor,
  FINDINGS,
  NOTE,
  Run,
  repeatDeed,
  resultText,
} from '@snoopscope/sim-core';
import type { Debuggee } from './launch.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import type { Origin } from './movement.ts';
import type { Registration } from './registration.ts';
import { RequestError } from './request-error.ts';
import { RunCursor } from './run-cursor.ts';
import type { Triggers } from './stop-index.ts';

/** Something that may happen next from here. */
export interface Possibility {
  /** Index into `Model.moves`. */
  readonly move: number;
  /** Set when it is what a branch has recorded here: its number, from 1. */
  readonly branch: number | undefined;
  /** What the micro-step ends with, when it ends a call or finds something: `-1 EEXIST`, `stale-read`. */
  readonly leads: string;
}

export class Branches {
  readonly #debuggee: Debuggee;
  readonly #registrations: ReadonlyMap<number, Registration>;
  readonly #all: RunCursor[];
  readonly #probe: Executor;
  #current: RunCursor;
  #triggers: Triggers;

  constructor(debuggee: Debuggee, registrations: ReadonlyMap<number, Registration>, triggers: Triggers) {
    this.#debuggee = debuggee;
    this.#registrations = registrations;
    this.#triggers = triggers;
    this.#current = new RunCursor(debuggee, registrations, triggers);
    this.#all = [this.#current];
    this.#probe = new Executor(debuggee.model);
  }

  /** The run that the user is in. */
  get current(): RunCursor {
    return this.#current;
  }

  /** In the order in which they were begun; the number of the first is 1. */
  get all(): readonly RunCursor[] {
    return this.#all;
  }

  get number(): number {
    return this.#all.indexOf(this.#current) + 1;
  }

  setTriggers(triggers: Triggers): void {
    this.#triggers = triggers;
    this.#current.setTriggers(triggers);
  }

  /** Goes to another branch, to where it was left. */
  enter(number: number): RunCursor {
    const branch = this.#all[number - 1];
    if (!branch) throw new RequestError(`There is no branch ${number}: there are ${this.#all.length}.`);
    this.#current = branch;
    branch.setTriggers(this.#triggers);
    return branch;
  }

  /** What may happen next here, also in the past. What is recorded is among it. */
  possibilities(): Possibility[] {
    const { position, run, state } = this.#current;
    if (position === run.steps && this.#current.end !== undefined) return [];
    this.#probe.machine.state.set(state);
    const { machine } = this.#probe;
    return this.#debuggee.model.moves.flatMap((_, move) => {
      const mark = machine.length;
      const possible = this.#probe.move(move, 'micro');
      const leads = possible ? this.#leadsTo(mark) : '';
      machine.rewind(mark);
      return possible ? [{ move, branch: this.#recorded(move), leads }] : [];
    });
  }

  /**
   * The run in which a move is, or can be, the next step: this one if it has recorded it or is at its live end,
   * another one that has recorded it here, or a new one.
   */
  forMove(move: number): RunCursor {
    const { position, run } = this.#current;
    if (position === run.steps) return this.#current;
    const known = this.#recorded(move);
    if (known === this.number) return this.#current;
    if (known === undefined && this.#all.length >= DEBUGGER_LIMITS.branches) throw tooMany();
    if (known === undefined) this.#begin(past(this.#current, position), position);
    const branch = this.enter(known ?? this.#all.length);
    branch.seek(position);
    return branch;
  }

  /** The run that these moves make from the beginning on: the first one if it makes them, else a new branch; undefined where they are not possible. */
  follow(moves: readonly number[]): RunCursor | undefined {
    const [first] = this.#all;
    while (first && first.run.steps < moves.length && first.extend());
    first?.track.extend();
    if (first && moves.every((move, step) => step < first.run.steps && first.track.moveOf(step) === move)) return first;
    try {
      this.#begin(moves, 0);
    } catch {
      return undefined;
    }
    return this.enter(this.#all.length);
  }

  /** Refuses another branch when there are as many as there may be. */
  expectRoom(): void {
    if (this.#all.length >= DEBUGGER_LIMITS.branches) throw tooMany();
  }

  /** Begins a branch with a changed state: what is recorded up to here, and then the change as a step. */
  edit(changes: readonly Edit[]): RunCursor {
    const { position } = this.#current;
    this.expectRoom();
    this.#begin([...past(this.#current, position), changes], position);
    const branch = this.enter(this.#all.length);
    branch.seek(position + 1);
    return branch;
  }

  /** A branch that a trace holds, as far as where it parts from another, from 1. The rest is for the caller to make. */
  restore(from: number, after: number, changes: readonly Edit[] | undefined): RunCursor {
    this.enter(from);
    this.#begin([...past(this.#current, after), ...(changes ? [changes] : [])], after);
    return this.enter(this.#all.length);
  }

  /** Takes a run as it was recorded for a branch that is there, or for a new one with this origin. */
  adopt(run: Run, number: number, origin = this.#all[number - 1]?.origin): RunCursor {
    const branch = new RunCursor(this.#debuggee, this.#registrations, this.#triggers, { origin, run });
    this.#all[number - 1] = branch;
    return this.enter(number);
  }

  /** A branch that a trace holds, whole. */
  adoptBranch(run: Run, from: number, after: number, changes: readonly Edit[] | undefined): RunCursor {
    const parent = this.enter(from);
    const moves = [...past(parent, after), ...(changes ? [changes] : [])];
    return this.adopt(run, this.#all.length + 1, { branch: from, moves, trail: [] });
  }

  /** Steps that this run has recorded up to a position are copied; the moves after that are made. */
  #begin(moves: readonly Deed[], position: number): void {
    const { model, runOptions } = this.#debuggee;
    const run = new Run(model, { ...runOptions, schedule: [] });
    if (!run.replay(this.#current.run.eventsOf(position))) throw new Error('a record does not fit itself');
    for (const deed of moves.slice(position))
      if (!repeatDeed(run, deed)) throw new Error(`move ${String(deed)} cannot be repeated`);
    const origin: Origin = { branch: this.number, moves, trail: this.#current.trailUntil(position) };
    this.#all.push(new RunCursor(this.#debuggee, this.#registrations, this.#triggers, { origin, run }));
  }

  /** What the events of the probe from a place of its log on end with. */
  #leadsTo(from: number): string {
    const { log, length } = this.#probe.machine;
    const { nodes } = this.#debuggee.model;
    const ends: string[] = [];
    for (let at = from; at < length; at += EVENT_WIDTH) {
      const node = nodes[log[at + 2]!];
      if (log[at] === NOTE.finding) ends.push(FINDINGS[log[at + 1]!]!);
      else if (log[at] === NOTE.done && node?.kind === 'statement' && node.args.values.length > 0)
        ends.push(resultText(log[at + 3]!));
    }
    return ends.join(', ');
  }

  /** The branch that has recorded a move here: this one before others. */
  #recorded(move: number): number | undefined {
    const { position } = this.#current;
    const candidates = [this.#current, ...this.#all];
    const found = candidates.find(
      (branch) =>
        position < branch.run.steps && branch.track.moveOf(position) === move && this.#sharesPast(branch, position),
    );
    return found && this.#all.indexOf(found) + 1;
  }

  /** Is the other branch the same up to a position? Branches part where one of them began, and nowhere else. */
  #sharesPast(other: RunCursor, position: number): boolean {
    const own = this.#ancestors(this.#current);
    for (const [ancestor, until] of this.#ancestors(other)) {
      const shared = own.get(ancestor);
      if (shared !== undefined) return Math.min(shared, until) >= position;
    }
    return false;
  }

  /** A branch and those that it comes from, each with the position up to which they are the same. */
  #ancestors(branch: RunCursor): ReadonlyMap<RunCursor, number> {
    const all = new Map<RunCursor, number>();
    let until = Number.POSITIVE_INFINITY;
    for (let at: RunCursor | undefined = branch; at; at = this.#all[(at.origin?.branch ?? 0) - 1]) {
      all.set(at, until);
      // A change made in the debugger is the branch's own.
      const changed = typeof at.origin?.moves.at(-1) === 'object' ? 1 : 0;
      until = Math.min(until, (at.origin?.moves.length ?? 0) - changed);
    }
    return all;
  }
}

/** What a run has recorded up to a position. */
function past({ run, track }: RunCursor, position: number): Deed[] {
  return Array.from({ length: Math.min(position, run.steps) }, (_, step) => track.deedOf(step));
}

function tooMany(): RequestError {
  return new RequestError(
    `There are already ${DEBUGGER_LIMITS.branches} branches: continue in one of them, or restart.`,
  );
}
