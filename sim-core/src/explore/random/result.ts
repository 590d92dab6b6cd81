/** What random runs are asked and what they answer ({@link randomRuns}). */
import type { CompiledCondition, Granularity, ScheduledMove } from '../../engine/model.ts';
import type { Finding } from '../../engine/monitors/table.ts';
import type { FindingPolicy } from '../exploration.ts';
import type { FindingSite } from '../sites.ts';

/** Moves of one run at most when the caller does not say; a loop would otherwise never end. */
export const DEFAULT_RANDOM_STEPS = 10_000;
/** Moves between two questions whether to continue: some milliseconds. */
export const RANDOM_SLICE_MOVES = 256;

/** One of several machines that share the runs: it makes every `count`th, beginning with the `index`th (1 to `count`). */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface RandomOptions {
  /** Runs of all shards together. */
  readonly runs: number;
  /** 0 to {@link MAX_SEED}. */
  readonly seed: number;
  /** Moves of one run at most; {@link DEFAULT_RANDOM_STEPS} when left out. */
  readonly maxSteps?: number;
  /** What one move is. The model's own when left out. */
  readonly granularity?: Granularity;
  readonly shard?: Shard;
  /** PCT instead of uniform drawing: `depth` is how many things must be in a certain order for a finding, 1 or more. */
  readonly pct?: { readonly depth: number };
  /** Per finding; those that are not named are counted. Shards that stop at one do not make the runs of the whole. */
  readonly findings?: Readonly<Partial<Record<Finding, FindingPolicy>>>;
  /** Asked every {@link RANDOM_SLICE_MOVES} moves; true ends the runs with what is known. */
  readonly shouldStop?: (progress: RandomProgress) => boolean;
}

export interface RandomProgress {
  /** Runs that have ended, and those that this shard is to make. */
  readonly done: number;
  readonly toDo: number;
  readonly moves: number;
}

/** A run, the seed that gives it again, and its moves up to what it is shown for. */
export interface RandomWitness {
  /** From 0, counted over all shards. */
  readonly run: number;
  readonly seed: number;
  readonly schedule: readonly ScheduledMove[];
}

/** Why not all runs were made. */
export type RandomLimit =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** The setup needs more than the model has. */
  | { readonly kind: 'model'; readonly message: string };

/**
 * What the runs of one shard, or of several put together, showed. `Witness` is what a run is shown by: in documents the
 * schedule is text.
 */
export interface RandomResult<Witness extends { readonly run: number } = RandomWitness> {
  readonly granularity: Granularity;
  readonly seed: number;
  /** Runs asked for, of all shards together. */
  readonly runs: number;
  readonly maxSteps: number;
  /** With PCT: its depth, and k, the number of moves from which its moments are drawn. */
  readonly pct?: { readonly depth: number; readonly length: number };
  /** The shards that are in here, of how many; without it everything. */
  readonly shards?: { readonly indices: readonly number[]; readonly count: number };
  /** Runs that have ended. Each is in one outcome, in `unfinished`, or in one of `modelLimits`. */
  readonly done: number;
  /** True when all runs of the shards were made. */
  readonly complete: boolean;
  readonly limit?: RandomLimit;
  /** Runs cut off after `maxSteps` moves. */
  readonly unfinished: number;
  /** Moves of all runs that have ended, and of the longest of them. */
  readonly moves: number;
  readonly longest: number;
  readonly terms: readonly string[];
  /** Sorted by their values. */
  readonly outcomes: readonly RandomOutcome<Witness>[];
  /** One for each condition of the model, in its order. */
  readonly conditions: readonly RandomCondition<Witness>[];
  /** One for each site, sorted by {@link bySite}. */
  readonly findings: readonly RandomFinding<Witness>[];
  /** Runs that needed more than the model has; messages name the limit and the way out. */
  readonly modelLimits: readonly { readonly message: string; readonly runs: number; readonly first: Witness }[];
}

export interface RandomOutcome<Witness = RandomWitness> {
  readonly values: readonly string[];
  /** Per condition of the model: is its proposition true here? */
  readonly truth: readonly boolean[];
  readonly runs: number;
  /** The run with the lowest number. */
  readonly first: Witness;
}

export interface RandomCondition<Witness = RandomWitness> {
  readonly quantifier: CompiledCondition['quantifier'];
  readonly text: string;
  readonly line: number;
  readonly applies: boolean;
  /** Decided by what was seen; undefined when that decides nothing. */
  readonly holds: boolean | undefined;
  /** Runs that ended with the proposition true, and with it false. */
  readonly positive: number;
  readonly negative: number;
  /** The run that decided it. */
  readonly first?: Witness;
}

export interface RandomFinding<Witness = RandomWitness> extends FindingSite {
  /** Runs in which it occurred. */
  readonly runs: number;
  readonly first: Witness;
}

/** How outcomes are sorted: by their values from the left, numbers by their size. */
export function byOutcome(
  a: { readonly values: readonly string[] },
  b: { readonly values: readonly string[] },
): number {
  for (let i = 0; i < a.values.length; i++) {
    const [x, y] = [a.values[i]!, b.values[i]!];
    if (x === y) continue;
    const difference = Number(x) - Number(y);
    return Number.isNaN(difference) || difference === 0 ? (x < y ? -1 : 1) : difference;
  }
  return 0;
}

/** How things are sorted that were met by one run after the other. */
export function byFirstRun(a: { readonly first: { readonly run: number } }, b: typeof a): number {
  return a.first.run - b.first.run;
}
