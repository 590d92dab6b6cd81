/**
 * Schedules that are easier to read: no move that is not needed, and as few changes from one mover to another as can be
 * found by regrouping, with the same end. What counts is what a replay does, so nothing has to be known of independence.
 *
 * The search is greedy and deterministic: the result is never longer and never changes movers more often than what was
 * given, but need not have the fewest changes of all. Costs: the moves of the replays, which a budget limits.
 */
import { Executor } from '../engine/executor.ts';
import type { Granularity, Model, ScheduledMove } from '../engine/model.ts';
import { ModelLimit } from '../limits.ts';
import { toEnd } from '../to-end.ts';
import {
  type Exploration,
  type ExploredCondition,
  type ExploredFinding,
  movesOf,
  type Outcome,
  scheduleOf,
} from './exploration.ts';
import { type FindingSite, Sites, siteKey, sitesIn } from './sites.ts';
import { runSetup } from './start.ts';

/** What a schedule is there to show. */
export type Aim =
  /** Its last move makes this finding; a deadlock is what it ends in. */
  | { readonly kind: 'finding'; readonly site: FindingSite }
  /** It ends in a final state, and what conditions mention has the values that it has there. */
  | { readonly kind: 'outcome' };

/** Moves that are replayed at most for one schedule. */
export const MAX_REPLAYED_MOVES = 50_000;
/** Moves that are replayed at most for all schedules of one exploration. */
export const MAX_REPLAYED_MOVES_IN_ALL = 1_000_000;
/** Moves that are replayed between two looks at the caller: some milliseconds. */
const SLICE_REPLAYED = 500;

/**
 * An exploration with each of its schedules minimised: findings first, then witnesses, then outcomes, until the budget
 * ends or the caller does not want to wait for the next one.
 */
export function minimise(model: Model, exploration: Exploration): Exploration {
  return toEnd(minimising(model, exploration, () => false));
}

/** The same in slices. A schedule that is being minimised when the caller wants to stop is as far as it is. */
export function* minimising(
  model: Model,
  exploration: Exploration,
  shouldStop: () => boolean,
): Generator<void, Exploration> {
  const { granularity } = exploration;
  // A shorter way would be another execution than the only one.
  if (model.onlySchedule) return exploration;
  let left = MAX_REPLAYED_MOVES_IN_ALL;
  function* shorter(schedule: readonly ScheduledMove[], aim: Aim): Generator<void, readonly ScheduledMove[]> {
    if (left <= 0 || shouldStop()) return schedule;
    const replay = new Replay(model, granularity, aim, Math.min(left, MAX_REPLAYED_MOVES), shouldStop);
    const moves = yield* replay.minimise(movesOf(schedule));
    left -= replay.replayed;
    return scheduleOf(moves);
  }
  const findings: ExploredFinding[] = [];
  for (const f of exploration.findings)
    findings.push({ ...f, schedule: yield* shorter(f.schedule, { kind: 'finding', site: f }) });
  const conditions: ExploredCondition[] = [];
  for (const c of exploration.conditions)
    conditions.push(c.witness ? { ...c, witness: yield* shorter(c.witness, { kind: 'outcome' }) } : c);
  const outcomes: Outcome[] = [];
  for (const o of exploration.outcomes)
    outcomes.push({ ...o, schedule: yield* shorter(o.schedule, { kind: 'outcome' }) });
  return { ...exploration, findings, conditions, outcomes };
}

/** One schedule, as moves after the setup. */
export function minimiseMoves(
  model: Model,
  moves: readonly number[],
  granularity: Granularity,
  aim: Aim,
  budget = MAX_REPLAYED_MOVES,
): number[] {
  return toEnd(new Replay(model, granularity, aim, budget, () => false).minimise(moves));
}

/** How often a schedule goes from one mover to another. */
export function switchesOf(model: Model, moves: readonly number[]): number {
  return moves.filter((move, i) => i > 0 && moverOf(model, move) !== moverOf(model, moves[i - 1]!)).length;
}

/** The actor of a move; each environment move counts as a mover of its own. */
function moverOf(model: Model, move: number): number {
  const known = model.moves[move];
  return known?.kind === 'actor' ? known.actor : -1 - move;
}

/** What the schedule that was given leads to. */
interface End {
  readonly state: Int32Array;
  readonly values: readonly number[];
}

class Replay {
  readonly #model: Model;
  readonly #granularity: Granularity;
  readonly #aim: Aim;
  readonly #wantedKey: string | undefined;
  readonly #budget: number;
  readonly #shouldStop: () => boolean;
  readonly #executor: Executor;
  /** The moves that the machine has made, and the length of its log before each. */
  readonly #made: number[] = [];
  readonly #marks: number[] = [];
  #wanted: End | undefined;
  replayed = 0;
  #sliceEnd = SLICE_REPLAYED;

  constructor(model: Model, granularity: Granularity, aim: Aim, budget: number, shouldStop: () => boolean) {
    this.#model = model;
    this.#granularity = granularity;
    this.#aim = aim;
    this.#wantedKey = aim.kind === 'finding' ? siteKey(aim.site) : undefined;
    this.#budget = budget;
    this.#shouldStop = shouldStop;
    this.#executor = new Executor(model);
  }

  *minimise(given: readonly number[]): Generator<void, number[]> {
    // A schedule without moves is about the setup, which runs in one way.
    if (given.length < 2 || !runSetup(this.#executor)) return [...given];
    this.#wanted = this.#endOf(given);
    let best = [...given];
    if (!this.#wanted) return best;
    for (let goesOn = true; goesOn && this.replayed < this.#budget; ) {
      const next =
        (yield* this.#first(withoutMoves(this.#model, best))) ?? (yield* this.#first(regrouped(this.#model, best)));
      goesOn = next !== undefined;
      best = next ?? best;
    }
    return best;
  }

  /** The first of some candidates that leads to the wanted end; without what comes after the finding. */
  *#first(candidates: Iterable<number[]>): Generator<void, number[] | undefined> {
    for (const candidate of candidates) {
      if (this.replayed >= this.#sliceEnd) {
        this.#sliceEnd = this.replayed + SLICE_REPLAYED;
        yield;
      }
      if (this.replayed >= this.#budget || this.#shouldStop()) return undefined;
      const length = this.#leads(candidate);
      if (length >= 0) return candidate.slice(0, length);
    }
    return undefined;
  }

  #endOf(moves: readonly number[]): End | undefined {
    for (const move of moves) if (!this.#move(move)) return undefined;
    const { state } = this.#executor.machine;
    const found = this.#wantsDeadlock || this.#foundSince(this.#marks.at(-1)!);
    if (this.#aim.kind === 'finding' && !found) return undefined;
    return { state: state.slice(), values: this.#values() };
  }

  /** How many of the moves lead to the wanted end; -1 if they do not. */
  #leads(moves: readonly number[]): number {
    let same = 0;
    // The last move is made again even when nothing else is new: what it makes is what counts.
    while (same < this.#made.length && same < moves.length - 1 && this.#made[same] === moves[same]) same++;
    this.#backTo(same);
    for (let at = same; at < moves.length; at++) {
      const before = this.#executor.machine.length;
      if (!this.#move(moves[at]!)) return -1;
      if (this.#foundSince(before)) return at + 1;
    }
    return this.#isEnd() ? moves.length : -1;
  }

  get #wantsDeadlock(): boolean {
    return this.#aim.kind === 'finding' && this.#aim.site.finding === 'deadlock';
  }

  #foundSince(from: number): boolean {
    if (this.#aim.kind !== 'finding') return false;
    const { log, length } = this.#executor.machine;
    return [...sitesIn(this.#model, log, from, length)].some(({ site }) => siteKey(site) === this.#wantedKey);
  }

  /** Is this what the given schedule ended in, where that is not an event? */
  #isEnd(): boolean {
    const { machine, tasks } = this.#executor;
    if (this.#aim.kind === 'finding') return this.#wantsDeadlock && this.#deadlocked();
    const wanted = this.#wanted!;
    if (equal(machine.state, wanted.state)) return true;
    // Where all have ended, no actor can be woken; elsewhere only the same state is surely as final.
    const ended = tasks.every(({ actor }) => this.#executor.ended(actor)) && !this.#goesOnByItself();
    return ended && equal(this.#values(), wanted.values);
  }

  #deadlocked(): boolean {
    const { machine } = this.#executor;
    if (this.#goesOnByItself()) return false;
    const { length } = machine;
    const deadlock = new Sites(this.#model).deadlock(this.#executor);
    machine.rewind(length);
    return deadlock !== undefined && siteKey(deadlock) === this.#wantedKey;
  }

  /** Can somebody move, or is something on its way? */
  #goesOnByItself(): boolean {
    return this.#model.moves.some((move, i) => (move.kind === 'actor' || move.inevitable) && this.#executor.enabled(i));
  }

  #values(): number[] {
    const { state } = this.#executor.machine;
    return this.#model.conditions.flatMap((c) =>
      c.applies ? [...c.terms.map((term) => term.read(state)), Number(c.holds(state))] : [],
    );
  }

  #move(move: number): boolean {
    const { machine } = this.#executor;
    const mark = machine.length;
    this.replayed++;
    try {
      if (!this.#executor.move(move, this.#granularity)) return false;
    } catch (error) {
      if (!(error instanceof ModelLimit)) throw error;
      machine.rewind(mark);
      return false;
    }
    this.#made.push(move);
    this.#marks.push(mark);
    return true;
  }

  #backTo(count: number): void {
    if (this.#made.length <= count) return;
    this.#executor.machine.rewind(this.#marks[count]!);
    this.#made.length = count;
    this.#marks.length = count;
  }
}

/** The schedule without one of its runs, or without the last move of one: the last first. */
function* withoutMoves(model: Model, moves: readonly number[]): Generator<number[]> {
  for (const { from, to } of runsOf(model, moves).reverse()) {
    yield [...moves.slice(0, from), ...moves.slice(to)];
    if (to - from > 1) yield [...moves.slice(0, to - 1), ...moves.slice(to)];
  }
}

/** The schedule with two runs of one mover joined, at the place of the first or of the second. */
function* regrouped(model: Model, moves: readonly number[]): Generator<number[]> {
  const runs = runsOf(model, moves);
  for (const [i, first] of runs.entries()) {
    for (const second of runs.slice(i + 1)) {
      if (second.mover !== first.mover) continue;
      const [a, b] = [moves.slice(first.from, first.to), moves.slice(second.from, second.to)];
      const [before, between, after] = [
        moves.slice(0, first.from),
        moves.slice(first.to, second.from),
        moves.slice(second.to),
      ];
      yield [...before, ...a, ...b, ...between, ...after];
      yield [...before, ...between, ...a, ...b, ...after];
    }
  }
}

interface MoverRun {
  readonly mover: number;
  readonly from: number;
  readonly to: number;
}

function runsOf(model: Model, moves: readonly number[]): MoverRun[] {
  const runs: MoverRun[] = [];
  for (let from = 0; from < moves.length; ) {
    const mover = moverOf(model, moves[from]!);
    let to = from + 1;
    while (to < moves.length && moverOf(model, moves[to]!) === mover) to++;
    runs.push({ mover, from, to });
    from = to;
  }
  return runs;
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
