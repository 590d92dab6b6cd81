/**
 * The exploration of all interleavings, breadth first: the first way found to anything is a shortest one.
 *
 * A search is resumable: {@link Search.step} makes some moves and returns, so that an editor can cancel or show
 * progress between two calls. {@link explore} runs one to its end.
 */
import { Executor } from '../engine/executor.ts';
import type { Granularity, Model, ScheduledMove } from '../engine/model.ts';
import { ModelLimit } from '../limits.ts';
import { EVENT_WIDTH, FINDINGS, type Finding } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import {
  type Exploration,
  type ExploredFinding,
  type ExploreLimit,
  type ExploreOptions,
  type FindingPolicy,
  type Progress,
  SLICE_MOVES,
  scheduleOf,
} from './exploration.ts';
import { Finality } from './finality.ts';
import { Outcomes } from './outcomes.ts';
import { isDeadlock, runSetup } from './start.ts';

export type * from './exploration.ts';

/** States stored at most when the caller does not say. */
export const DEFAULT_MAX_STATES = 20_000_000;

/** Explores to the end or to a limit. */
export function explore(model: Model, options: ExploreOptions = {}): Exploration {
  const search = new Search(model, options);
  while (search.step(SLICE_MOVES)) if (options.shouldStop?.(search.progress())) search.stop({ kind: 'stopped' });
  return search.result();
}

export class Search {
  readonly #model: Model;
  readonly #options: ExploreOptions;
  readonly #granularity: Granularity;
  readonly #executor: Executor;
  readonly #policies: readonly FindingPolicy[];
  readonly #visited = new Map<string, number>();
  /** Slots seen to change, in the order of discovery: a state's key holds their values. */
  readonly #slots: number[] = [];
  readonly #positions: Int32Array;
  readonly #keys: string[] = [];
  readonly #parents: number[] = [];
  readonly #moves: number[] = [];
  readonly #finality = new Finality();
  readonly #findings = new Map<number, { occurrences: number; state: number; move: number }>();
  #keyBytes = 0;
  #next = 0;
  #transitions = 0;
  #depth = 0;
  #levelEnd = 1;
  #limit: ExploreLimit | undefined;
  #base = new Int32Array(0);

  constructor(model: Model, options: ExploreOptions = {}) {
    this.#model = model;
    this.#options = options;
    this.#granularity = options.granularity ?? model.granularity;
    this.#executor = new Executor(model);
    this.#policies = FINDINGS.map((finding) => options.findings?.[finding] ?? 'count');
    this.#positions = new Int32Array(model.layout.size).fill(-1);
    this.#begin();
  }

  /** Makes about that many moves. False when the search is over. */
  step(moves: number): boolean {
    const until = this.#transitions + moves;
    while (this.#limit === undefined && this.#next < this.#keys.length && this.#transitions < until) {
      // A state without successors costs as much as one move.
      this.#transitions++;
      this.#expand(this.#next++);
      this.#transitions--;
    }
    return this.#limit === undefined && this.#next < this.#keys.length;
  }

  stop(limit: ExploreLimit): void {
    this.#limit ??= limit;
  }

  progress(): Progress {
    return {
      states: this.#keys.length,
      transitions: this.#transitions,
      frontier: this.#keys.length - this.#next,
      depth: this.#depth,
      bytes: this.#keyBytes + this.#keys.length * 64 + this.#finality.bytes,
    };
  }

  result(): Exploration {
    const complete = this.#limit === undefined && this.#next >= this.#keys.length;
    const outcomes = new Outcomes(this.#model);
    for (const state of this.#finality.finals()) {
      this.#restore(state);
      // As in a recorded run, the deadlock is found when nobody can move any more.
      if (isDeadlock(this.#executor)) this.#report(state);
      outcomes.add(this.#executor.machine.state, state);
      this.#executor.machine.rewind(0);
    }
    const way = (state: number): ScheduledMove[] => scheduleOf(this.#path(state));
    return {
      ...this.progress(),
      granularity: this.#granularity,
      complete,
      ...(this.#limit ? { limit: this.#limit } : {}),
      maxDepth: this.#depth,
      finals: outcomes.finals,
      conditions: outcomes.conditions(complete, way),
      terms: outcomes.terms,
      outcomes: outcomes.outcomes(way),
      findings: this.#exploredFindings(),
    };
  }

  #begin(): void {
    const { machine } = this.#executor;
    try {
      runSetup(this.#executor);
    } catch (error) {
      this.#modelLimit(error, []);
    }
    this.#observe(0, -1, -1);
    machine.length = 0;
    this.#base = machine.state.slice();
    this.#insert(-1, -1);
  }

  #expand(state: number): void {
    if (state === this.#levelEnd) {
      this.#depth++;
      this.#levelEnd = this.#keys.length;
      if (this.#options.maxDepth !== undefined && this.#depth >= this.#options.maxDepth) return this.stop({ kind: 'depth', at: this.#depth });
    }
    const { machine } = this.#executor;
    this.#restore(state);
    const byEnvironment: number[] = [];
    let stuck = true;
    for (let move = 0; move < this.#model.moves.length; move++) {
      if (!this.#try(state, move)) continue;
      this.#transitions++;
      this.#observe(0, state, move);
      const successor = this.#insert(state, move);
      machine.rewind(0);
      if (this.#model.moves[move]?.kind === 'environment') byEnvironment.push(successor);
      else stuck = false;
      if (this.#limit) return;
    }
    if (stuck) this.#finality.add(state, byEnvironment);
  }

  #try(state: number, move: number): boolean {
    try {
      return this.#executor.move(move, this.#granularity);
    } catch (error) {
      this.#modelLimit(error, [...this.#path(state), move]);
      return false;
    }
  }

  #modelLimit(error: unknown, path: readonly number[]): void {
    if (!(error instanceof ModelLimit)) throw error;
    this.stop({ kind: 'model', message: error.message, schedule: scheduleOf(path) });
  }

  /** Notes the findings in the log from an offset on. */
  #observe(from: number, state: number, move: number): void {
    const { machine } = this.#executor;
    for (let at = from; at < machine.length; at += EVENT_WIDTH) {
      if (machine.log[at] === NOTE.finding) this.#found(machine.log[at + 1] as number, state, move);
    }
  }

  #found(finding: number, state: number, move: number): void {
    const policy = this.#policies[finding];
    if (policy === 'ignore') return;
    const known = this.#findings.get(finding);
    if (known) known.occurrences++;
    else this.#findings.set(finding, { occurrences: 1, state, move });
    if (policy === 'stop') this.stop({ kind: 'finding', finding: FINDINGS[finding] as Finding });
  }

  #report(state: number): void {
    const { machine } = this.#executor;
    const mark = machine.length;
    this.#model.world.monitors.report(machine, 'deadlock', -1, 0);
    this.#observe(mark, state, -1);
  }

  #exploredFindings(): ExploredFinding[] {
    return [...this.#findings].map(([finding, { occurrences, state, move }]) => ({
      finding: FINDINGS[finding] as Finding,
      occurrences,
      schedule: scheduleOf(move < 0 ? this.#path(state) : [...this.#path(state), move]),
    }));
  }

  /** The number of the machine's state; a new one when it was never seen. */
  #insert(parent: number, move: number): number {
    const key = this.#key();
    const known = this.#visited.get(key);
    if (known !== undefined) return known;
    const number = this.#keys.length;
    this.#visited.set(key, number);
    this.#keys.push(key);
    this.#parents.push(parent);
    this.#moves.push(move);
    this.#keyBytes += key.length * 2;
    const { maxStates = DEFAULT_MAX_STATES, maxBytes } = this.#options;
    if (this.#keys.length >= maxStates) this.stop({ kind: 'states', at: maxStates });
    if (maxBytes !== undefined && (number & 0xfff) === 0 && this.progress().bytes >= maxBytes) this.stop({ kind: 'bytes', at: maxBytes });
    return number;
  }

  /**
   * The values of all slots that ever changed. Slots that were discovered later stand behind, and what is as at the
   * beginning is cut off at the end, so a state has the same key before and after a discovery.
   */
  #key(): string {
    const { machine } = this.#executor;
    for (let at = 0; at < machine.length; at += EVENT_WIDTH) {
      const slot = machine.log[at] as number;
      if (slot < 0 || (this.#positions[slot] as number) >= 0) continue;
      this.#positions[slot] = this.#slots.length;
      this.#slots.push(slot);
    }
    let end = this.#slots.length;
    while (end > 0 && machine.state[this.#slots[end - 1] as number] === this.#base[this.#slots[end - 1] as number]) end--;
    let key = '';
    for (let i = 0; i < end; i++) {
      const value = machine.state[this.#slots[i] as number] as number;
      key += String.fromCharCode(value & 0xffff, value >>> 16);
    }
    return key;
  }

  #restore(state: number): void {
    const { machine } = this.#executor;
    const key = this.#keys[state] as string;
    machine.length = 0;
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i] as number;
      const at = 2 * i;
      machine.state[slot] =
        at < key.length ? key.charCodeAt(at) | (key.charCodeAt(at + 1) << 16) : (this.#base[slot] as number);
    }
  }

  #path(state: number): number[] {
    const moves: number[] = [];
    for (let at = state; (this.#parents[at] as number) >= 0; at = this.#parents[at] as number) moves.push(this.#moves[at] as number);
    return moves.reverse();
  }
}
