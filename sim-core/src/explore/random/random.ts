/**
 * Random runs, for spaces that are too large to be searched.
 *
 * Each run starts after the setup and has a seed of its own: the seed asked for plus the number of the run, modulo
 * 2^32. A run depends on its seed and the options alone, so a run that found something is made again by asking for one
 * run with its seed, and runs that are split over several machines are the same runs ({@link Shard}).
 *
 * Uniform: each move is drawn from all that are possible, each equally likely. That favours no order, but orders that
 * need one actor to wait for very long are hardly ever drawn.
 *
 * PCT (probabilistic concurrency testing): every actor has a random priority and the highest that can move does; at
 * `depth - 1` random moments the actor about to move drops below all others. With n actors and runs of k moves, a
 * finding that needs d things in a certain order is met by one run with a probability of at least 1 / (n k^(d-1)).
 * What is on its way (a posted write) counts as an actor. The paper knows no environment: here each thing that the
 * environment may do is offered once, at a random moment, in half of the runs, which lowers that bound by a factor of
 * 2k for each such thing that a finding needs, and of 2 for each that must not happen. An actor that has moved k times
 * in a row drops below all others too, so that a loop cannot keep the rest away forever.
 * Source: Burckhardt, Kothari, Musuvathi and Nagarakatti, "A Randomized Scheduler with Probabilistic Guarantees of
 * Finding Bugs" (ASPLOS 2010).
 *
 * What this can conclude: what was seen, can happen. An `exists` that was seen holds; an `~exists` that was seen, and a
 * `forall` whose contrary was seen, fail. Everything else stays open however many runs there are: not seen is not
 * proved. Counts are of runs, and say how easily the drawing meets something, not how likely it is on hardware.
 */
import type { CompiledCondition, Granularity, Model } from '../../engine/model.ts';
import { ModelLimit } from '../../limits.ts';
import { type CheckpointData, CheckpointProblem, type CheckpointSource } from '../checkpoint/checkpoint.ts';
import { scheduleOf } from '../exploration.ts';
import type { Judgement } from '../learn/learner.ts';
import { MAX_SEED, Prng } from '../prng.ts';
import { Outcomes } from '../results/outcomes.ts';
import { bySite, type FindingSite, Sites } from '../sites.ts';
import { type Chooser, Priorities, Uniform } from './choosers.ts';
import {
  byFirstRun,
  byOutcome,
  DEFAULT_RANDOM_STEPS,
  RANDOM_SLICE_MOVES,
  type RandomCondition,
  type RandomLimit,
  type RandomOptions,
  type RandomProgress,
  type RandomResult,
  type RandomWitness,
  type Shard,
} from './result.ts';
import { Walker } from './walker.ts';

/** Makes all runs of a shard. */
export function randomRuns(model: Model, options: RandomOptions): RandomResult {
  const search = new RandomSearch(model, options);
  while (search.step(RANDOM_SLICE_MOVES)) if (options.shouldStop?.(search.progress())) search.stop({ kind: 'stopped' });
  return search.result();
}

/** What one run has come to so far. */
interface Walk {
  readonly run: number;
  readonly moves: number[];
  /** Sites of findings, with the number of moves up to them. */
  readonly findings: Map<number, number>;
  /** No actor can move any more, whatever the environment does: it may still do something, or not. */
  over: boolean;
}

interface Sighting {
  runs: number;
  readonly run: number;
  /** Moves up to it. */
  readonly moves: readonly number[];
}

type OutcomeSightings = Sighting & Pick<Judgement, 'values' | 'truth'>;
type TruthSightings = { positive: number; negative: number; deciding?: Sighting };

/** What a checkpoint holds. */
interface Saved {
  readonly next: number;
  readonly sites: readonly FindingSite[];
  readonly done: number;
  readonly unfinished: number;
  readonly moves: number;
  readonly longest: number;
  readonly outcomes: readonly (readonly [string, OutcomeSightings])[];
  readonly truths: readonly TruthSightings[];
  readonly findings: readonly (readonly [number, Sighting])[];
  readonly modelLimits: readonly (readonly [string, Sighting])[];
}

/** Random runs in slices: {@link RandomSearch.step} makes some moves and returns, also in the middle of a run. */
export class RandomSearch implements CheckpointSource {
  readonly #model: Model;
  readonly #options: RandomOptions;
  readonly #granularity: Granularity;
  readonly #shard: Shard;
  readonly #sites: Sites;
  readonly #walker: Walker;
  readonly #judge: Outcomes;
  readonly #terms: readonly CompiledCondition['terms'][number][];
  readonly #pct: { readonly depth: number; readonly length: number } | undefined;
  #outcomes = new Map<string, OutcomeSightings>();
  #truths: readonly TruthSightings[];
  #findings = new Map<number, Sighting>();
  #modelLimits = new Map<string, Sighting>();
  /** The number of the next run. */
  #next: number;
  #walk: Walk | undefined;
  #chooser: Chooser | undefined;
  #random = new Prng(0);
  #limit: RandomLimit | undefined;
  #done = 0;
  #unfinished = 0;
  #moves = 0;
  #longest = 0;

  /** Throws a RangeError that says so when an option is none. */
  constructor(model: Model, options: RandomOptions) {
    demand(options);
    this.#model = model;
    this.#sites = new Sites(model);
    this.#options = options;
    this.#granularity = options.granularity ?? model.granularity;
    this.#shard = options.shard ?? { index: 1, count: 1 };
    this.#next = this.#shard.index - 1;
    this.#walker = new Walker(model, this.#granularity, this.#sites);
    this.#judge = new Outcomes(model, this.#sites);
    const applying = model.conditions.filter((condition) => condition.applies);
    const terms = new Map(applying.flatMap((c) => c.terms).map((term) => [term.name, term]));
    this.#terms = this.#judge.terms.flatMap((name) => terms.get(name) ?? []);
    this.#truths = model.conditions.map(() => ({ positive: 0, negative: 0 }));
    if (this.#walker.setupLimit !== undefined) this.stop({ kind: 'model', message: this.#walker.setupLimit });
    else if (options.pct) this.#pct = { depth: options.pct.depth, length: this.#usualLength() };
  }

  /** Makes about that many moves. False when there is nothing more to do. */
  step(moves: number): boolean {
    const until = this.#walker.looked + moves;
    // Finding out whether a run is over may take longer than its moves.
    for (let made = 0; this.#walker.looked + made < until && !this.#over(); made++) {
      this.#walk ??= this.#begin();
      this.#advance(this.#walk);
    }
    return !this.#over();
  }

  stop(limit: RandomLimit): void {
    this.#limit ??= limit;
  }

  /** Runs that have ended. The one in progress is made again, from its seed. */
  checkpointData(): CheckpointData {
    const data: Saved = {
      next: this.#next,
      sites: this.#sites.all,
      done: this.#done,
      unfinished: this.#unfinished,
      moves: this.#moves,
      longest: this.#longest,
      outcomes: [...this.#outcomes],
      truths: this.#truths,
      findings: [...this.#findings],
      modelLimits: [...this.#modelLimits],
    };
    return { kind: 'random', data: structure(data), arrays: {} };
  }

  /** Resumes from the checkpoint of a search of the same model with the same options; that is the caller's to know. */
  restore({ kind, data }: CheckpointData): void {
    if (kind !== 'random') throw new CheckpointProblem(`The checkpoint is of a ${kind}, not of random runs.`);
    const saved = structure(data as Saved);
    this.#walk = undefined;
    this.#sites.restore(saved.sites);
    this.#next = saved.next;
    this.#done = saved.done;
    this.#unfinished = saved.unfinished;
    this.#moves = saved.moves;
    this.#longest = saved.longest;
    this.#outcomes = new Map(saved.outcomes);
    this.#truths = saved.truths;
    this.#findings = new Map(saved.findings);
    this.#modelLimits = new Map(saved.modelLimits);
  }

  progress(): RandomProgress {
    const { runs } = this.#options;
    const { index, count } = this.#shard;
    return {
      done: this.#done,
      toDo: Math.max(0, Math.ceil((runs - index + 1) / count)),
      moves: this.#moves + (this.#walk?.moves.length ?? 0),
    };
  }

  result(): RandomResult {
    const { seed, runs, maxSteps = DEFAULT_RANDOM_STEPS, shard } = this.#options;
    return {
      granularity: this.#granularity,
      seed,
      runs,
      maxSteps,
      ...(this.#pct ? { pct: this.#pct } : {}),
      ...(shard ? { shards: { indices: [shard.index], count: shard.count } } : {}),
      done: this.#done,
      complete: this.#limit === undefined && this.#over(),
      ...(this.#limit ? { limit: this.#limit } : {}),
      unfinished: this.#unfinished,
      moves: this.#moves,
      longest: this.#longest,
      terms: this.#judge.terms,
      outcomes: [...this.#outcomes.values()]
        .map((seen) => ({
          values: this.#texts(seen.values),
          truth: seen.truth,
          runs: seen.runs,
          first: this.#witness(seen),
        }))
        .sort(byOutcome),
      conditions: this.#model.conditions.map((condition, i) => this.#condition(condition, this.#truths[i]!)),
      findings: [...this.#findings]
        .map(([site, seen]) => ({ ...this.#sites.site(site), runs: seen.runs, first: this.#witness(seen) }))
        .sort(bySite),
      modelLimits: [...this.#modelLimits]
        .map(([message, seen]) => ({ message, runs: seen.runs, first: this.#witness(seen) }))
        .sort(byFirstRun),
    };
  }

  #over(): boolean {
    return this.#limit !== undefined || (this.#walk === undefined && this.#next >= this.#options.runs);
  }

  #begin(): Walk {
    const walk: Walk = { run: this.#next, moves: [], findings: new Map(), over: false };
    this.#random = new Prng(seedOf(this.#options, walk.run));
    this.#walker.begin();
    this.#chooser = this.#pct
      ? new Priorities(this.#walker, this.#random, this.#pct)
      : new Uniform(this.#walker, this.#random);
    for (const site of this.#walker.setupFindings) this.#found(walk, site);
    return walk;
  }

  /** One move, or the end of the run. */
  #advance(walk: Walk): void {
    const { maxSteps = DEFAULT_RANDOM_STEPS } = this.#options;
    try {
      const move = walk.moves.length < maxSteps ? this.#drawn(walk) : undefined;
      if (move === undefined) this.#cut(walk);
      else if (move < 0) this.#judged(walk);
      else {
        walk.moves.push(move);
        for (const site of this.#walker.findings()) this.#found(walk, site);
      }
    } catch (error) {
      if (!(error instanceof ModelLimit)) throw error;
      this.#overModel(walk, error.message);
    }
  }

  /** The move that was made, or -1 when the run has finished. */
  #drawn(walk: Walk): number {
    const offered = this.#offered(walk);
    if (offered === 'nothing' || !this.#chooser) return -1;
    return offered === 'idle' ? this.#chooser.idle() : this.#chooser.next();
  }

  /** Whose turn it is: any actor's, the environment's alone, or no one's. */
  #offered(walk: Walk): 'all' | 'idle' | 'nothing' {
    if (!walk.over) {
      if (this.#walker.isLively(walk.moves.at(-1))) return 'all';
      walk.over = this.#walker.isFinal();
      if (!walk.over) return 'idle';
    }
    // What the environment does after the end makes further final states. Each of them has its chance.
    return this.#random.below(2) === 0 ? 'nothing' : 'idle';
  }

  #found(walk: Walk, site: number): void {
    const { finding: name } = this.#sites.site(site);
    const policy = this.#options.findings?.[name] ?? 'count';
    if (policy === 'ignore' || walk.findings.has(site)) return;
    walk.findings.set(site, walk.moves.length);
    if (policy !== 'stop') return;
    this.stop({ kind: 'finding', finding: name });
    this.#countFindings(walk);
  }

  #judged(walk: Walk): void {
    const { machine } = this.#walker.executor;
    machine.length = 0;
    const judgement = this.#judge.judge(this.#walker.executor);
    if (judgement.deadlock !== undefined) this.#found(walk, judgement.deadlock);
    const key = judgement.values.join();
    const known = this.#outcomes.get(key);
    if (known) known.runs++;
    else this.#outcomes.set(key, { ...firstSighting(walk), values: judgement.values, truth: judgement.truth });
    this.#model.conditions.forEach((condition, i) => {
      this.#weigh(condition, this.#truths[i]!, judgement.truth[i]!, walk);
    });
    this.#end(walk);
  }

  #weigh(condition: CompiledCondition, seen: TruthSightings, truth: boolean, walk: Walk): void {
    if (!condition.applies) return;
    if (truth) seen.positive++;
    else seen.negative++;
    if (truth === (condition.quantifier !== 'forall')) seen.deciding ??= firstSighting(walk);
  }

  #cut(walk: Walk): void {
    this.#unfinished++;
    this.#end(walk);
  }

  #overModel(walk: Walk, message: string): void {
    count(this.#modelLimits, message, walk);
    this.#end(walk);
  }

  /** At the end of the run, so that half a run never counts. */
  #countFindings(walk: Walk): void {
    for (const [site, length] of walk.findings) {
      count(this.#findings, site, { run: walk.run, moves: walk.moves.slice(0, length) });
    }
    walk.findings.clear();
  }

  #end(walk: Walk): void {
    this.#countFindings(walk);
    this.#done++;
    this.#moves += walk.moves.length;
    this.#longest = Math.max(this.#longest, walk.moves.length);
    this.#next += this.#shard.count;
    this.#walk = undefined;
  }

  #condition({ quantifier, text, line, applies }: CompiledCondition, seen: TruthSightings): RandomCondition {
    const { positive, negative, deciding } = seen;
    return {
      quantifier,
      text,
      line,
      applies,
      holds: deciding ? quantifier === 'exists' : undefined,
      positive,
      negative,
      ...(deciding ? { first: this.#witness(deciding) } : {}),
    };
  }

  #witness({ run, moves }: Sighting): RandomWitness {
    return { run, seed: seedOf(this.#options, run), schedule: scheduleOf(moves) };
  }

  #texts(values: Judgement['values']): string[] {
    return values.map((value, i) => this.#terms[i]?.text(value) ?? String(value));
  }

  /** Moves of the run in which each actor goes as far as it can, in the order of the file: the k of PCT. */
  #usualLength(): number {
    const { maxSteps = DEFAULT_RANDOM_STEPS } = this.#options;
    let length = 0;
    try {
      this.#walker.begin();
      while (length < maxSteps && this.#walker.lively.some((move) => this.#walker.make(move))) length++;
    } catch (error) {
      if (!(error instanceof ModelLimit)) throw error;
    }
    return Math.max(1, length);
  }
}

/** The seed that gives a run of some runs again. */
export function seedOf({ seed }: { readonly seed: number }, run: number): number {
  return (seed + run) % (MAX_SEED + 1);
}

/** A copy that shares nothing with the original. */
function structure<Data>(data: Data): Data {
  return JSON.parse(JSON.stringify(data)) as Data;
}

function firstSighting({ run, moves }: Pick<Walk, 'run' | 'moves'>): Sighting {
  return { runs: 1, run, moves: [...moves] };
}

function count<Key>(seen: Map<Key, Sighting>, key: Key, walk: Pick<Walk, 'run' | 'moves'>): void {
  const known = seen.get(key);
  if (known) known.runs++;
  else seen.set(key, firstSighting(walk));
}

function demand({ runs, seed, maxSteps = 1, shard, pct }: RandomOptions): void {
  whole('the number of runs', runs, 0, 2 ** 32);
  whole('the seed', seed, 0, MAX_SEED);
  whole('the number of moves of a run', maxSteps, 1, Number.MAX_SAFE_INTEGER);
  if (pct) whole('the depth of PCT', pct.depth, 1, 1000);
  if (!shard) return;
  whole('the number of shards', shard.count, 1, 2 ** 32);
  whole('the shard', shard.index, 1, shard.count);
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
}
