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
  ALL_REDUCTIONS,
  type Exploration,
  type ExploredFinding,
  type ExploreLimit,
  type ExploreOptions,
  type FindingPolicy,
  type Progress,
  type Reductions,
  SLICE_MOVES,
  scheduleOf,
} from './exploration.ts';
import { Expander } from './expander.ts';
import { Finality } from './finality.ts';
import { type Leaf, NotSymmetric } from './learner.ts';
import { Outcomes } from './outcomes.ts';
import { concretePath } from './path.ts';
import { mutedSlots } from './relevance.ts';
import { Space, type SpaceOptions } from './space.ts';
import { runSetup } from './start.ts';

export type * from './exploration.ts';

/** States stored at most when the caller does not say. */
export const DEFAULT_MAX_STATES = 50_000_000;
/** Bytes held at most when the caller does not say. */
export const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;

/** States after which plans are first compared with the facts that came in meanwhile; then at four times as many. */
const FIRST_COMPARISON = 1024;
/** So few states are quickly found again. */
const FEW_STATES = 8192;
/** Fresh starts because of facts that came in late; more than these, and looking ahead is not worth it. */
const MAX_RESTARTS = 12;

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
  readonly #policies: readonly FindingPolicy[];
  #reductions: Reductions;
  /** The state behind the setup. */
  #start: Int32Array = new Int32Array(0);
  /** The states and what is known of the moves. For reports on the search itself. */
  space!: Space;
  #finality!: Finality;
  #outcomes!: Outcomes;
  /** Per finding: how often, and the state and move of the first time (move -1: the state itself). */
  #findings!: Map<number, { occurrences: number; state: number; move: number }>;
  #next = 0;
  #depth = 0;
  #levelEnd = 1;
  #limit: ExploreLimit | undefined;
  #expander!: Expander;
  /** Moves of expanders that were replaced. */
  #earlier = 0;
  /** The facts that the plans were last compared with, and the number of states at which they are compared again. */
  #compared = 0;
  #compareAt = FIRST_COMPARISON;
  #restarts = 0;

  constructor(model: Model, options: ExploreOptions = {}) {
    this.#model = model;
    this.#options = options;
    this.#granularity = options.granularity ?? model.granularity;
    this.#policies = FINDINGS.map((finding) => options.findings?.[finding] ?? 'count');
    this.#reductions = { ...ALL_REDUCTIONS, ...options.reduction };
    this.#begin();
  }

  /** The reductions that are on: those asked for, without those that turned out not to apply. */
  get reductions(): Reductions {
    return this.#reductions;
  }

  /** Makes about that many moves. False when the search is over. */
  step(moves: number): boolean {
    const until = this.#transitions + moves;
    try {
      this.#run(until);
    } catch (error) {
      this.#withoutSymmetry(error);
    }
    return this.#limit === undefined && this.#next < this.space.store.count;
  }

  get #transitions(): number {
    return this.#earlier + this.#expander.transitions;
  }

  stop(limit: ExploreLimit): void {
    this.#limit ??= limit;
  }

  progress(): Progress {
    const { store } = this.space;
    return {
      states: store.count,
      transitions: this.#transitions,
      frontier: store.count - this.#next,
      depth: this.#depth,
      bytes: this.space.bytes + this.#finality.bytes,
    };
  }

  result(): Exploration {
    const { learner, store } = this.space;
    const complete = this.#limit === undefined && this.#next >= store.count;
    const outcomes = this.#outcomes;
    outcomes.clear();
    for (const { state, judgement } of this.#finality.finals()) {
      const leaf = learner.leaves[judgement] as Leaf;
      if (!leaf.judgement) throw new Error('a final state without a judgement');
      outcomes.add(leaf.judgement, state);
      if (leaf.judgement.deadlock) this.#found(FINDINGS.indexOf('deadlock'), state, -1);
    }
    const way = (state: number): ScheduledMove[] => scheduleOf(concretePath(this.space, this.#start, state));
    const result: Exploration = {
      ...this.progress(),
      granularity: this.#granularity,
      complete,
      ...(this.#limit ? { limit: this.#limit } : {}),
      maxDepth: this.#depth,
      reductions: this.#reductions,
      finals: outcomes.finals,
      conditions: outcomes.conditions(complete, !this.#reductions.partialOrder, way),
      terms: outcomes.terms,
      outcomes: outcomes.outcomes(way),
      findings: this.#exploredFindings(),
    };
    this.#findings.delete(FINDINGS.indexOf('deadlock'));
    return result;
  }

  #begin(): void {
    const executor = new Executor(this.#model);
    let problem: string | undefined;
    try {
      runSetup(executor);
    } catch (error) {
      if (!(error instanceof ModelLimit)) throw error;
      problem = error.message;
    }
    this.#start = executor.machine.state.slice();
    this.#restart();
    if (problem !== undefined) this.stop({ kind: 'model', message: problem, schedule: [] });
    const { log, length } = executor.machine;
    for (let at = 0; at < length; at += EVENT_WIDTH) if (log[at] === NOTE.finding) this.#found(log[at + 1] as number, 0, -1);
  }

  #withoutSymmetry(error: unknown): void {
    if (!(error instanceof NotSymmetric)) throw error;
    this.#reductions = { ...this.#reductions, symmetry: false };
    this.#restart();
  }

  #restart(): void {
    this.#outcomes = new Outcomes(this.#model);
    try {
      this.space = new Space(this.#model, this.#spaceOptions(), this.#start);
    } catch (error) {
      return this.#withoutSymmetry(error);
    }
    this.#reset();
  }

  #spaceOptions(): SpaceOptions {
    const policyOf = (finding: Finding): FindingPolicy => this.#policies[FINDINGS.indexOf(finding)] as FindingPolicy;
    const watched = FINDINGS.flatMap((finding, i) => (policyOf(finding) !== 'ignore' || this.#model.tracked.has(finding) ? [i] : []));
    return {
      granularity: this.#granularity,
      reductions: this.#reductions,
      watched: new Set(watched),
      muted: this.#reductions.deadState ? mutedSlots(this.#model, policyOf) : [],
      judge: (executor) => this.#outcomes.judge(executor),
    };
  }

  /** To the first state of the space. */
  #reset(): void {
    const setupFindings = [...(this.#findings ?? [])].filter(([, { state, move }]) => state === 0 && move < 0);
    this.#findings = new Map(setupFindings);
    this.#finality = new Finality();
    this.#next = 0;
    this.#depth = 0;
    this.#levelEnd = 1;
    this.#compareAt = FIRST_COMPARISON;
    this.#earlier = 0;
    this.#expander = new Expander(this.space.tables(), this.space.store);
  }

  /**
   * Do the facts that came in contradict what was planned? Then everything but what was learned is forgotten. Facts only
   * grow, and there are finitely many, so this ends; if it takes too often, the reductions that look ahead are given up.
   */
  #beginAgain(): boolean {
    const { facts, planner, store } = this.space;
    if (store.count >= this.#compareAt) this.#compareAt *= 4;
    if (!planner) return false;
    if (this.space.completeEnvironment()) this.#renew();
    if (facts.version === this.#compared) return false;
    this.#compared = facts.version;
    // While little is stored, beginning again costs less than going on with plans that could be better.
    const wrong = store.count <= FEW_STATES && this.#restarts < MAX_RESTARTS / 2 ? planner.outdated() : planner.invalid();
    if (!wrong && !this.space.ranksTooFew) return false;
    if (++this.#restarts > MAX_RESTARTS) {
      this.#reductions = { ...this.#reductions, partialOrder: false, deadState: false };
      this.#restart();
    } else {
      this.space.begin();
      this.#reset();
    }
    return true;
  }

  /** The inner loop with what is known now. */
  #renew(): void {
    this.#earlier += this.#expander?.transitions ?? 0;
    this.#expander = new Expander(this.space.tables(), this.space.store);
  }

  #run(until: number): void {
    const { maxStates = DEFAULT_MAX_STATES, maxBytes = DEFAULT_MAX_BYTES, maxDepth = Number.POSITIVE_INFINITY } = this.#options;
    const { store } = this.space;
    while (this.#limit === undefined && this.#next < store.count && this.#transitions < until) {
      if (this.#next === this.#levelEnd) {
        if (this.#depth + 1 >= maxDepth) return this.stop({ kind: 'depth', at: maxDepth });
        this.#depth++;
        this.#levelEnd = store.count;
      }
      this.#expand(this.#next);
      this.#next++;
      if (store.count >= this.#compareAt || this.#next === store.count) if (this.#beginAgain()) return;
      if (store.count >= maxStates) this.stop({ kind: 'states', at: maxStates });
      if ((this.#next & 0xfff) === 0 && this.progress().bytes >= maxBytes) this.stop({ kind: 'bytes', at: maxBytes });
    }
  }

  #expand(state: number): void {
    while (!this.#expander.expand(state, this.#levelEnd)) {
      const { question, questionWords } = this.#expander;
      this.space.answer(question, questionWords);
      this.#renew();
    }
    const { remarks, stuck } = this.#expander;
    if (remarks.length > 0) {
      for (let i = 0; i < remarks.length; i += 3) this.#remark(remarks[i] as number, remarks[i + 1] as number, remarks[i + 2] as number);
      remarks.length = 0;
    }
    if (stuck.length > 0) {
      this.#finality.add(stuck[0] as number, stuck[1] as number, stuck.slice(3));
      stuck.length = 0;
    }
  }

  #remark(index: number, state: number, move: number): void {
    const leaf = this.space.learner.leaves[index] as Leaf;
    for (const finding of leaf.findings) this.#found(finding, state, move);
    if (leaf.limit === undefined) return;
    const schedule = scheduleOf([...concretePath(this.space, this.#start, state), move]);
    this.stop({ kind: 'model', message: leaf.limit, schedule });
  }

  #found(finding: number, state: number, move: number): void {
    const policy = this.#policies[finding];
    if (policy === 'ignore') return;
    const known = this.#findings.get(finding);
    if (known) known.occurrences++;
    else this.#findings.set(finding, { occurrences: 1, state, move });
    if (policy === 'stop') this.stop({ kind: 'finding', finding: FINDINGS[finding] as Finding });
  }

  #exploredFindings(): ExploredFinding[] {
    return [...this.#findings].map(([finding, { occurrences, state, move }]) => ({
      finding: FINDINGS[finding] as Finding,
      occurrences,
      schedule: scheduleOf(concretePath(this.space, this.#start, state, move < 0 ? undefined : { finding, move })),
      // Persistent sets put moves of others before those that matter.
      shortest: !this.#reductions.partialOrder,
    }));
  }
}
