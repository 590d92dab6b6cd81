/**
 * Runs at random, for spaces that are too large to be visited: every run is a schedule, and its seed gives it again.
 *
 * Uniform: each move is drawn among those that are possible. PCT: every actor and every move of the environment has a
 * random priority, the highest that can move does, and at `depth - 1` random moments the one that moves falls behind
 * all others. A bug that needs d ordering constraints is then found in one run with probability of at least
 * 1 / (n * k^(d-1)) for n movers and k moves, whatever the scenario does.
 *
 * Source: Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (ASPLOS 2010).
 */
import { Executor } from '../engine/executor.ts';
import type { Granularity, Model, ScheduledMove } from '../engine/model.ts';
import { ModelLimit } from '../limits.ts';
import { EVENT_WIDTH, FINDINGS, type Finding } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { type Exploration, type ExploreLimit, type ExploreOptions, NO_REDUCTION, type Progress, type Sampling, scheduleOf } from './exploration.ts';
import { Outcomes } from './outcomes.ts';
import { runSetup } from './start.ts';

export interface SampleOptions extends ExploreOptions, Sampling {
  /** Only every `shards`th run, from the `shard`th (from 0): several machines share the runs of one seed. */
  readonly shard?: number;
  readonly shards?: number;
}

/** Moves of one run; a loop would otherwise never end. */
const DEFAULT_MAX_DEPTH = 10_000;
/** What the environment can make of a stuck state, looked at to know whether it is final. */
const MAX_ENVIRONMENT_STATES = 256;
/** Moves that PCT expects when it draws the moments, until runs have shown how long they are. */
const FIRST_LENGTH = 64;

export class Sampler {
  readonly #model: Model;
  readonly #options: SampleOptions;
  readonly #granularity: Granularity;
  readonly #start: Int32Array;
  readonly #executor: Executor;
  readonly #outcomes: Outcomes;
  /** Schedules of runs that showed something: index by what the outcomes call a state. */
  readonly #schedules: number[][] = [];
  readonly #findings = new Map<number, { occurrences: number; schedule: number[] }>();
  #run: number;
  #runs = 0;
  #moves = 0;
  #longest = 0;
  #length = FIRST_LENGTH;
  #limit: ExploreLimit | undefined;

  constructor(model: Model, options: SampleOptions) {
    this.#model = model;
    this.#options = options;
    this.#granularity = options.granularity ?? model.granularity;
    this.#executor = new Executor(model);
    this.#outcomes = new Outcomes(model);
    this.#run = options.shard ?? 0;
    runSetup(this.#executor);
    this.#observe(0, []);
    this.#start = this.#executor.machine.state.slice();
  }

  /** Makes one run. False when there are no more. */
  step(): boolean {
    if (this.#limit || this.#run >= this.#options.runs) return false;
    this.#one(randomFrom(this.#options.seed + Math.imul(this.#run, 0x9e3779b1)));
    this.#runs++;
    this.#run += this.#options.shards ?? 1;
    return this.#limit === undefined && this.#run < this.#options.runs;
  }

  stop(limit: ExploreLimit): void {
    this.#limit ??= limit;
  }

  progress(): Progress {
    return { states: this.#moves, transitions: this.#moves, frontier: 0, depth: this.#longest, bytes: this.#schedules.length * 256 };
  }

  result(): Exploration {
    const { seed, pctDepth } = this.#options;
    const way = (run: number): ScheduledMove[] => scheduleOf(this.#schedules[run] as number[]);
    return {
      ...this.progress(),
      granularity: this.#granularity,
      complete: false,
      ...(this.#limit ? { limit: this.#limit } : {}),
      sampling: { runs: this.#runs, seed, ...(pctDepth === undefined ? {} : { pctDepth }) },
      maxDepth: this.#longest,
      reductions: NO_REDUCTION,
      finals: this.#outcomes.finals,
      conditions: this.#outcomes.conditions(false, false, way),
      terms: this.#outcomes.terms,
      outcomes: this.#outcomes.outcomes(way),
      findings: [...this.#findings].map(([finding, { occurrences, schedule }]) => ({
        finding: FINDINGS[finding] as Finding,
        occurrences,
        schedule: scheduleOf(schedule),
        shortest: false,
      })),
    };
  }

  #one(random: () => number): void {
    const { machine } = this.#executor;
    machine.length = 0;
    machine.state.set(this.#start);
    const pick = this.#options.pctDepth === undefined ? uniform(this.#model, random) : priorities(this.#model, random, this.#options.pctDepth, this.#length);
    const schedule: number[] = [];
    const maxDepth = this.#options.maxDepth ?? DEFAULT_MAX_DEPTH;
    while (schedule.length < maxDepth) {
      machine.length = 0;
      const move = this.#next(pick(schedule.length), schedule);
      if (move < 0) break;
      schedule.push(move);
      this.#observe(0, schedule);
      if (this.#limit) break;
    }
    this.#moves += schedule.length;
    this.#longest = Math.max(this.#longest, schedule.length);
    this.#length = Math.max(FIRST_LENGTH, this.#longest);
    machine.length = 0;
    if (this.#canActorMove() || this.#environmentHelps()) return;
    const judgement = this.#outcomes.judge(this.#executor);
    if (judgement.deadlock) this.#observe(0, schedule);
    machine.rewind(0);
    this.#outcomes.add(judgement, this.#schedules.push(schedule) - 1);
  }

  /** Makes the first possible move of an order; -1 when the run is over: no actor can move and the environment cannot help. */
  #next(order: readonly number[], schedule: readonly number[]): number {
    const actors = this.#canActorMove();
    for (const move of order) {
      const environment = this.#model.moves[move]?.kind === 'environment';
      if (environment && !actors) continue;
      try {
        if (this.#executor.move(move, this.#granularity)) return move;
      } catch (error) {
        if (!(error instanceof ModelLimit)) throw error;
        this.stop({ kind: 'model', message: error.message, schedule: scheduleOf([...schedule, move]) });
        return -1;
      }
    }
    return -1;
  }

  /** Can the environment alone lead to a state in which an actor can move, or is that not known for all it can do? */
  #environmentHelps(): boolean {
    const { machine } = this.#executor;
    const moves = this.#model.moves.flatMap((move, i) => (move.kind === 'environment' ? [i] : []));
    const stuck = machine.state.slice();
    const seen = new Map([[stuck.join(), stuck]]);
    let helps = false;
    for (const state of seen.values()) {
      for (const move of moves) {
        machine.length = 0;
        machine.state.set(state);
        if (!this.#executor.move(move, this.#granularity)) continue;
        const key = machine.state.join();
        if (!seen.has(key)) seen.set(key, machine.state.slice());
        machine.length = 0;
        helps ||= this.#canActorMove();
      }
      if (helps || seen.size > MAX_ENVIRONMENT_STATES) break;
    }
    machine.length = 0;
    machine.state.set(stuck);
    return helps || seen.size > MAX_ENVIRONMENT_STATES;
  }

  #canActorMove(): boolean {
    return this.#model.moves.some((move, i) => move.kind === 'actor' && this.#executor.enabled(i));
  }

  #observe(from: number, schedule: readonly number[]): void {
    const { machine } = this.#executor;
    for (let at = from; at < machine.length; at += EVENT_WIDTH) {
      if (machine.log[at] !== NOTE.finding) continue;
      const finding = machine.log[at + 1] as number;
      const policy = this.#options.findings?.[FINDINGS[finding] as Finding] ?? 'count';
      if (policy === 'ignore') continue;
      const known = this.#findings.get(finding);
      if (!known) this.#findings.set(finding, { occurrences: 1, schedule: [...schedule] });
      else {
        known.occurrences++;
        if (schedule.length < known.schedule.length) known.schedule = [...schedule];
      }
      if (policy === 'stop') this.stop({ kind: 'finding', finding: FINDINGS[finding] as Finding });
    }
  }
}

/** Takes all runs. */
export function sample(model: Model, options: SampleOptions): Exploration {
  const sampler = new Sampler(model, options);
  while (sampler.step()) if (options.shouldStop?.(sampler.progress())) sampler.stop({ kind: 'stopped' });
  return sampler.result();
}

/** Numbers from 0 up to below 1 (xorshift32, its seed mixed first). */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x45d9f3b) | 0;
  if (state === 0) state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function uniform(model: Model, random: () => number): (step: number) => readonly number[] {
  return () => shuffled(model.moves.length, random);
}

/** Movers are actors (with all their alternatives) and the environment's moves. */
function priorities(model: Model, random: () => number, depth: number, length: number): (step: number) => readonly number[] {
  const moverOf = model.moves.map((move, i) => (move.kind === 'actor' ? `actor ${move.actor}` : `environment ${i}`));
  const movers = [...new Set(moverOf)];
  const order = shuffled(movers.length, random).map((i) => movers[i] as string);
  const moments = new Set(Array.from({ length: depth - 1 }, () => Math.floor(random() * length)));
  return (step) => {
    if (moments.has(step)) order.push(order.shift() as string);
    // The alternatives of one actor are as likely as each other.
    return order.flatMap((mover) => {
      const own = moverOf.flatMap((name, i) => (name === mover ? [i] : []));
      return shuffled(own.length, random).map((i) => own[i] as number);
    });
  };
}
