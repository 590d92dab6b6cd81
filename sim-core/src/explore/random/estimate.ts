/**
 * How much there is to explore, estimated before it is done, from some random executions (probes).
 *
 * Executions: Knuth's estimate of the size of a search tree. A probe that had b1, b2, … possible moves to draw from
 * represents b1 * b2 * … executions; the mean over probes is an unbiased estimate of the number of executions, that is
 * of different orders of moves from the end of the setup to a final state. Few probes represent most of the tree, so
 * the estimate is mostly too low, and its standard deviation says how uneven the probes were.
 * Source: Knuth, "Estimating the Efficiency of Backtrack Programs" (1975).
 *
 * States: many orders lead to the same states, so there are far fewer of these. They are counted as species are: from
 * the states that only one probe saw and those that exactly two saw follows how many none has seen (Chao2), separately
 * for each number of moves from the start. That is a lower bound of the distinct states without any reduction: good to
 * some percent where probes saw most of the states, up to half too low where some of these are seldom come to (what the
 * environment may do at few moments), to a third where one actor has to make a long call before another begins (a fair
 * draw seldom lets it), and too low by one or two orders of magnitude where probes saw few.
 * `seen` near `atLeast` tells the first, `seen` well below it the second.
 * Source: Chao, "Estimating the Population Size for Capture-Recapture Data with Unequal Catchability" (1987).
 */
import type { Granularity, Model } from '../../engine/model.ts';
import { ModelLimit } from '../../limits.ts';
import { EVENT_WIDTH } from '../../state/event.ts';
import { Prng } from '../prng.ts';
import { seedOf } from './random.ts';
import { Walker } from './walker.ts';

export interface EstimateOptions {
  readonly granularity?: Granularity;
  /** Executions tried; {@link DEFAULT_PROBES} when left out. */
  readonly probes?: number;
  /** Moves of one probe at most; {@link DEFAULT_PROBE_STEPS} when left out. */
  readonly maxSteps?: number;
  /** No further probe begins after so many moves of all; {@link DEFAULT_PROBE_MOVES} when left out. */
  readonly maxMoves?: number;
  /** 0 to {@link MAX_SEED}; 0 when left out. The same seed gives the same estimate. */
  readonly seed?: number;
}

export const DEFAULT_PROBES = 1_000;
export const DEFAULT_PROBE_STEPS = 1_000;
export const DEFAULT_PROBE_MOVES = 60_000;

export interface Estimate {
  readonly granularity: Granularity;
  /** Probes that were made, and their moves. */
  readonly probes: number;
  readonly moves: number;
  /**
   * Probes that had not come to a final state after `maxSteps` moves. If there are any, executions are counted up to
   * there only: with loops, or an environment that can undo what it does, there is no end to them.
   */
  readonly cut: number;
  /** Different orders of moves; as decimal logarithms, because the numbers themselves may be too large for any machine. */
  readonly executions: {
    readonly log10: number;
    /** Standard deviation of the mean over the probes. */
    readonly deviationLog10: number;
  };
  /** Distinct states without reduction, at least. */
  readonly states: {
    readonly atLeast: number;
    /** Standard deviation of that number. */
    readonly deviation: number;
    /** Distinct states that the probes saw. */
    readonly seen: number;
  };
}

/** Moves of a probe between which the caller can look at its user. */
const SLICE_MOVES = 64;

/** A random execution that is being made. */
interface Probe {
  readonly random: Prng;
  /** Hashes of its states, and the number of moves after which each was first seen. */
  readonly states: Map<number, number>;
  /** The logarithm of the number of executions that it represents. */
  weight: number;
  hash: number;
  depth: number;
}

/** Takes all probes. */
export function estimate(model: Model, options: EstimateOptions = {}): Estimate {
  const estimator = new Estimator(model, options);
  while (estimator.step()) {
    // Probes are limited, and so are their moves.
  }
  return estimator.result();
}

/** The same in slices of some moves each, so that a caller can look at its user in between. */
export class Estimator {
  readonly #options: Required<Omit<EstimateOptions, 'granularity'>>;
  readonly #granularity: Granularity;
  readonly #walker: Walker;
  readonly #species = new Species();
  /** Per probe: the logarithm of the number of executions that it represents. */
  readonly #weights: number[] = [];
  readonly #enabled: Int32Array;
  #probe: Probe | undefined;
  #moves = 0;
  #cut = 0;
  #over = false;

  constructor(model: Model, options: EstimateOptions = {}) {
    this.#options = {
      probes: options.probes ?? DEFAULT_PROBES,
      maxSteps: options.maxSteps ?? DEFAULT_PROBE_STEPS,
      maxMoves: options.maxMoves ?? DEFAULT_PROBE_MOVES,
      seed: options.seed ?? 0,
    };
    this.#granularity = options.granularity ?? model.granularity;
    this.#walker = new Walker(model, this.#granularity);
    this.#enabled = new Int32Array(model.moves.length);
    this.#over = this.#walker.setupLimit !== undefined;
  }

  /** Makes some moves of a probe. False when there are no more probes to make. */
  step(): boolean {
    const { probes, maxMoves } = this.#options;
    if (this.#over) return false;
    this.#probe ??= this.#begin();
    if (this.#advance(this.#probe)) this.#end(this.#probe);
    this.#over = this.#probe === undefined && (this.#weights.length >= probes || this.#moves >= maxMoves);
    return !this.#over;
  }

  result(): Estimate {
    return {
      granularity: this.#granularity,
      probes: this.#weights.length,
      moves: this.#moves,
      cut: this.#cut,
      executions: meanOf(this.#weights),
      states: this.#species.estimate(this.#weights.length),
    };
  }

  #begin(): Probe {
    this.#walker.begin();
    return {
      random: new Prng(seedOf(this.#options, this.#weights.length)),
      states: new Map([[0, 0]]),
      weight: 0,
      hash: 0,
      depth: 0,
    };
  }

  /** True when the probe is over. */
  #advance(probe: Probe): boolean {
    const { machine } = this.#walker.executor;
    for (const until = probe.depth + SLICE_MOVES; probe.depth < until; probe.depth++) {
      if (probe.depth >= this.#options.maxSteps) return true;
      const count = this.#possible();
      if (count === 0) return true;
      probe.weight += Math.log10(count);
      if (!this.#make(this.#enabled[probe.random.below(count)]!)) return true;
      this.#moves++;
      probe.hash = changed(probe.hash, machine.log, machine.length);
      if (!probe.states.has(probe.hash)) probe.states.set(probe.hash, probe.depth + 1);
    }
    return false;
  }

  #end({ weight, states, depth }: Probe): void {
    if (depth >= this.#options.maxSteps) this.#cut++;
    this.#weights.push(weight);
    this.#species.add(states);
    this.#probe = undefined;
  }

  /** Fills in the moves that are possible; none in a final state. */
  #possible(): number {
    const { lively, idle } = this.#walker;
    let count = 0;
    for (const move of lively) if (this.#walker.enabled(move)) this.#enabled[count++] = move;
    if (count === 0 && this.#walker.isFinal()) return 0;
    for (const move of idle) if (this.#walker.enabled(move)) this.#enabled[count++] = move;
    return count;
  }

  /** A move that meets a limit of the model is where the explorer ends, too. */
  #make(move: number): boolean {
    try {
      return this.#walker.make(move);
    } catch (error) {
      if (error instanceof ModelLimit) return false;
      throw error;
    }
  }
}

/** States by how many probes saw them, in strata of the number of moves after which they were first seen. */
class Species {
  readonly #states = new Map<number, { probes: number; stratum: number }>();

  add(states: ReadonlyMap<number, number>): void {
    for (const [state, stratum] of states) {
      const known = this.#states.get(state);
      if (known) known.probes++;
      else this.#states.set(state, { probes: 1, stratum });
    }
  }

  estimate(probes: number): Estimate['states'] {
    const strata = new Map<number, { once: number; twice: number }>();
    for (const { probes, stratum } of this.#states.values()) {
      const counts = strata.get(stratum) ?? { once: 0, twice: 0 };
      strata.set(stratum, counts);
      if (probes === 1) counts.once++;
      if (probes === 2) counts.twice++;
    }
    let unseen = 0;
    let variance = 0;
    const share = probes < 2 ? 0 : (probes - 1) / probes;
    for (const { once, twice } of strata.values()) {
      // The form that needs no state seen twice (Chao 1987, bias-corrected), for all strata alike.
      unseen += (share * once * (once - 1)) / (2 * (twice + 1));
      variance += (share * once * (once - 1)) / (2 * (twice + 1));
      variance += (share ** 2 * once * (2 * once - 1) ** 2) / (4 * (twice + 1) ** 2);
      variance += (share ** 2 * once ** 2 * twice * (once - 1) ** 2) / (4 * (twice + 1) ** 4);
    }
    const seen = this.#states.size;
    return { atLeast: Math.round(seen + unseen), deviation: Math.round(Math.sqrt(variance)), seen };
  }
}

/** Mean and its standard deviation of numbers that are given by their logarithms, as logarithms. */
function meanOf(logs: readonly number[]): Estimate['executions'] {
  const largest = Math.max(0, ...logs);
  const scaled = logs.map((log) => 10 ** (log - largest));
  const mean = scaled.reduce((sum, x) => sum + x, 0) / Math.max(1, logs.length);
  const variance = scaled.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, logs.length - 1);
  const log10 = (x: number): number => (x === 0 ? 0 : Math.log10(x) + largest);
  return { log10: log10(mean), deviationLog10: log10(Math.sqrt(variance / Math.max(1, logs.length))) };
}

/**
 * The hash of a state, from that of the state before: each slot with its value has a random number of its own, and they
 * add up. 48 bits: two of the few thousand states that probes see have the same hash with a probability below 10^-6.
 */
function changed(before: number, log: Int32Array, length: number): number {
  let hash = before;
  for (let at = 0; at < length; at += EVENT_WIDTH) {
    const slot = log[at]!;
    if (slot < 0) continue;
    hash += numberOf(slot, log[at + 2]!) - numberOf(slot, log[at + 1]!);
  }
  return ((hash % HASHES) + HASHES) % HASHES;
}

const HASHES = 2 ** 48;

function numberOf(slot: number, value: number): number {
  let high = Math.imul(slot + 1, 0x9e3779b1) ^ Math.imul(value + 0x7f4a7c15, 0x85ebca6b);
  high = Math.imul(high ^ (high >>> 16), 0x21f0aaad);
  high = Math.imul(high ^ (high >>> 15), 0x735a2d97);
  let low = Math.imul(high ^ slot, 0xc2b2ae35) ^ Math.imul(value ^ 0x165667b1, 0x27d4eb2f);
  low = Math.imul(low ^ (low >>> 13), 0x9e3779b1);
  return ((high ^ (high >>> 15)) & 0xffff) * 2 ** 32 + ((low ^ (low >>> 16)) >>> 0);
}
