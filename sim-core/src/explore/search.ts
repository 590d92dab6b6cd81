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
import { DISABLED, leafOf, UNKNOWN } from './compiled.ts';
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
import { Finality } from './finality.ts';
import { type Leaf, NotSymmetric } from './learner.ts';
import { Outcomes } from './outcomes.ts';
import { concretePath } from './path.ts';
import type { Plan } from './planner.ts';
import { mutedSlots } from './relevance.ts';
import { Space, type SpaceOptions } from './space.ts';
import { runSetup } from './start.ts';
import { hashWords } from './store.ts';

export type * from './exploration.ts';

/** States stored at most when the caller does not say. */
export const DEFAULT_MAX_STATES = 50_000_000;
/** Bytes held at most when the caller does not say. */
export const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;

/** States after which plans are first compared with the facts that came in meanwhile; then at four times as many. */
const FIRST_COMPARISON = 1024;
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
  readonly #environmentFrom: number;
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
  #transitions = 0;
  #depth = 0;
  #levelEnd = 1;
  #limit: ExploreLimit | undefined;
  // Of the state that is being expanded: what each move answers, and the successors in one row.
  #answers: Int32Array;
  #current = new Uint32Array(0);
  #row = new Uint32Array(0);
  #hashes: Uint32Array;
  #enabled: Int32Array;
  #successors = 0;
  /** Per actor: its moves. */
  readonly #firstMove: readonly number[];
  readonly #moveCount: readonly number[];
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
    const moves = model.moves.length;
    this.#answers = new Int32Array(moves);
    this.#hashes = new Uint32Array(moves);
    this.#enabled = new Int32Array(moves);
    const { actors } = model.world.topology;
    this.#firstMove = actors.map((_, actor) => model.moves.findIndex((m) => m.kind === 'actor' && m.actor === actor));
    this.#moveCount = actors.map((_, actor) => model.moves.filter((m) => m.kind === 'actor' && m.actor === actor).length);
    const environment = model.moves.findIndex((m) => m.kind === 'environment' && !m.inevitable);
    this.#environmentFrom = environment < 0 ? moves : environment;
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
    this.#transitions = 0;
    this.#depth = 0;
    this.#levelEnd = 1;
    this.#compareAt = FIRST_COMPARISON;
    this.#resize();
  }

  /**
   * Do the facts that came in contradict what was planned? Then everything but what was learned is forgotten. Facts only
   * grow, and there are finitely many, so this ends; if it takes too often, the reductions that look ahead are given up.
   */
  #beginAgain(): boolean {
    const { facts, planner, store } = this.space;
    if (store.count >= this.#compareAt) this.#compareAt *= 4;
    if (!planner) return false;
    if (this.space.completeEnvironment()) this.#resize();
    if (facts.version === this.#compared) return false;
    this.#compared = facts.version;
    if (!planner.invalid() && !this.space.ranksTooFew) return false;
    if (++this.#restarts > MAX_RESTARTS) {
      this.#reductions = { ...this.#reductions, partialOrder: false, deadState: false };
      this.#restart();
    } else {
      this.space.begin();
      this.#reset();
    }
    return true;
  }

  #resize(): void {
    const { words } = this.space.packing;
    this.#current = new Uint32Array(words);
    this.#row = new Uint32Array(words * this.#model.moves.length);
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
    this.space.store.read(state, this.#current);
    const { planner } = this.space;
    const plan = planner ? this.space.planOf(this.#current, 0) : -1;
    const idle = planner?.plans[plan]?.idle;
    this.#ask(state, 0, this.#environmentFrom, idle);
    const alone = planner ? this.#goesAlone(planner.plans[plan] as Plan) : -1;
    if (alone >= 0) {
      const first = this.#firstMove[alone] as number;
      this.#generate(state, plan, first, first + (this.#moveCount[alone] as number));
      // Somebody whose turn is put off must get it on every cycle: one successor at least is farther than this state.
      if (this.#insert(state, undefined) >= this.#levelEnd) return;
      this.#ask(state, this.#environmentFrom, this.#answers.length, idle);
      this.#generate(state, plan, 0, first);
      this.#insert(state, undefined);
      this.#generate(state, plan, first + (this.#moveCount[alone] as number), this.#answers.length);
      this.#insert(state, undefined);
      return;
    }
    this.#ask(state, this.#environmentFrom, this.#answers.length, idle);
    const stuck = !this.#anyCanMove(0, this.#environmentFrom);
    this.#generate(state, plan, 0, this.#answers.length);
    const byEnvironment: number[] | undefined = stuck ? [] : undefined;
    this.#insert(state, byEnvironment);
    if (byEnvironment) this.#finality.add(state, this.#judge(state), byEnvironment);
  }

  /** The actor that goes alone in the state that was asked, or -1. */
  #goesAlone(plan: Plan): number {
    for (const { actor, frozen } of plan.alone) {
      if (this.#canMove(actor) && !frozen.some((other) => this.#canMove(other))) return actor;
    }
    return -1;
  }

  #canMove(actor: number): boolean {
    const first = this.#firstMove[actor] as number;
    return this.#anyCanMove(first, first + (this.#moveCount[actor] as number));
  }

  #anyCanMove(from: number, to: number): boolean {
    const answers = this.#answers;
    for (let move = from; move < to; move++) if (answers[move] !== DISABLED) return true;
    return false;
  }

  /** Puts the successors by the moves of a range into the row. */
  #generate(state: number, plan: number, from: number, to: number): void {
    const answers = this.#answers;
    const { space } = this;
    const { compiled, packing, canonical } = space;
    const { effects, remarkable } = compiled;
    const { words } = packing;
    const current = this.#current;
    const row = this.#row;
    const environmentFrom = this.#environmentFrom;
    let count = 0;
    let loops = 0;
    for (let move = from; move < to; move++) {
      const answer = answers[move] as number;
      if (answer === DISABLED) continue;
      const leaf = leafOf(answer);
      if (remarkable[leaf] !== 0) this.#remark(leaf, state, move);
      const effect = leaf * 2 * words;
      const at = count * words;
      for (let i = 0; i < words; i++) {
        row[at + i] = ((current[i] as number) & (effects[effect + i] as number)) | (effects[effect + words + i] as number);
      }
      let recount = space.rewrittenBy(leaf);
      if (plan >= 0) {
        // The environment moves no actor, so the plan stays.
        const then = move < environmentFrom ? space.planOf(row, at) : plan;
        space.bury(row, at, then);
        if (then !== plan) recount |= space.planRanks[then] as number;
      }
      if (recount !== 0) space.rank(row, at, recount);
      // A move that changes nothing leads nowhere new.
      let same = 0;
      while (same < words && row[at + same] === current[same]) same++;
      if (same === words) {
        loops++;
        continue;
      }
      if (canonical) canonical(row, at);
      this.#hashes[count] = hashWords(row, at, words);
      this.#enabled[count++] = move;
    }
    this.#transitions += count + loops;
    this.#successors = count;
  }

  /** Stores what stands in the row; the highest number among the successors, or -1. */
  #insert(state: number, numbers: number[] | undefined): number {
    const { store, packing } = this.space;
    const { words } = packing;
    const count = this.#successors;
    const hashes = this.#hashes;
    // All places are touched before any is used: the misses of the caches then overlap.
    store.prepare(hashes, count);
    let highest = -1;
    for (let i = 0; i < count; i++) {
      const successor = store.insert(this.#row, i * words, hashes[i] as number, state, this.#enabled[i] as number);
      if (successor > highest) highest = successor;
      numbers?.push(successor);
    }
    return highest;
  }

  /** Fills in what the moves of a range answer in a state; `#current` holds its words. */
  #ask(state: number, from: number, to: number, idle: Uint8Array | undefined): void {
    const answers = this.#answers;
    let { roots, nodes } = this.space.compiled;
    let current = this.#current;
    for (let move = from; move < to; move++) {
      // What the environment does to dead slots is nothing, and what they hold is not fit to be tried.
      if (idle !== undefined && idle[move] !== 0) {
        answers[move] = DISABLED;
        continue;
      }
      let at = roots[move] as number;
      while (at > 0) {
        const node = nodes[at] as number;
        at = nodes[at + 1 + (((current[node & 255] as number) >>> ((node >>> 8) & 31)) & (node >>> 13))] as number;
      }
      if (at === UNKNOWN) {
        if (this.space.learn(move, state)) {
          this.#resize();
          this.space.store.read(state, this.#current);
          current = this.#current;
        }
        // The state may be written otherwise now, but what moves answer in it is the same: leaves keep their numbers.
        move--;
        ({ roots, nodes } = this.space.compiled);
        continue;
      }
      answers[move] = at;
    }
  }

  #judge(state: number): number {
    const { learner } = this.space;
    for (;;) {
      const { roots, nodes } = this.space.compiled;
      const current = this.#current;
      let at = roots[learner.judgementMove] as number;
      while (at > 0) {
        const node = nodes[at] as number;
        at = nodes[at + 1 + (((current[node & 255] as number) >>> ((node >>> 8) & 31)) & (node >>> 13))] as number;
      }
      if (at !== UNKNOWN) return leafOf(at);
      this.space.learn(learner.judgementMove, state);
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
