/**
 * What an exploration is asked and what it answers: the same records for every way of searching.
 *
 * An execution is final when no actor can move and nothing that the environment may do lets one move again. Conditions
 * are judged over final states. What the environment may still do in a final state leads to further final states.
 */
import type { CompiledCondition, Granularity, ScheduledMove } from '../engine/model.ts';
import type { Finding } from '../engine/monitors/table.ts';
import type { RandomResult } from './random/result.ts';
import type { SearchCost } from './results/cost.ts';
import type { FindingSite } from './sites.ts';

/** What to do about a finding: end the search at its first occurrence, count occurrences, or do not look. */
export type FindingPolicy = 'stop' | 'count' | 'ignore';

/** Each way of visiting fewer states or smaller ones. All keep verdicts and the set of outcomes; all are on by default. */
export interface Reductions {
  /** Persistent sets: an actor whose next step no other can conflict with moves alone. */
  readonly partialOrder: boolean;
  /** Sleep sets: of two moves that commute, one order is enough. Saves moves, not states. Not beside persistent sets. */
  readonly sleepSets: boolean;
  /** Interchangeable physical CPUs are not distinguished. */
  readonly symmetry: boolean;
  /** What is never read again is not distinguished. */
  readonly deadState: boolean;
  /** Versions of words count by their order, not by their number. */
  readonly versions: boolean;
}

/** A reduction that a search gave up. */
export interface DroppedReduction {
  readonly reduction: keyof Reductions;
  /**
   * What was taken to be known turned out wrong too often; or hardly two states have their actors at the same locations,
   * so that finding out what may be left out takes longer than visiting it.
   */
  readonly why: 'contradicted' | 'wasted';
}

export const ALL_REDUCTIONS: Reductions = {
  partialOrder: true,
  sleepSets: true,
  symmetry: true,
  deadState: true,
  versions: true,
};
export const NO_REDUCTION: Reductions = {
  partialOrder: false,
  sleepSets: false,
  symmetry: false,
  deadState: false,
  versions: false,
};

export interface ExploreOptions {
  /** What one move is. The model's own when left out. */
  readonly granularity?: Granularity;
  /** States to store at most. */
  readonly maxStates?: number;
  /** Bytes that the search may hold at most, also while its tables grow. */
  readonly maxBytes?: number;
  /** Moves after the setup at most on one path. */
  readonly maxDepth?: number;
  /**
   * Switches on one path at most: where somebody else moves although the actor that moved last could continue, or where the
   * environment does something that it need not although an actor can move. Paths with few come first.
   */
  readonly maxSwitches?: number;
  /** Per finding; those that are not named are counted. */
  readonly findings?: Readonly<Partial<Record<Finding, FindingPolicy>>>;
  readonly reduction?: Partial<Reductions>;
  /**
   * Keep a fingerprint of each state instead of the state. Less memory; what is then proved is proved up to the
   * probability that {@link Fingerprinting} says.
   */
  readonly fingerprint?: boolean;
  /**
   * Asked now and then (at least every {@link SLICE_MOVES} moves); true ends the search with what it knows. This is
   * where a caller looks at a clock or at its user.
   */
  readonly shouldStop?: (progress: Progress) => boolean;
}

/** Moves between two questions whether to continue: some milliseconds. */
export const SLICE_MOVES = 4096;

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  /** States whose moves have not been tried yet. */
  readonly frontier: number;
  /** Moves from the end of the setup to the state that is looked at. */
  readonly depth: number;
  /** What the search holds, in bytes. */
  readonly bytes: number;
}

/** How states were taken at random, when they were not all visited. */
export interface Sampling {
  readonly runs: number;
  readonly seed: number;
  /** Depth of the bugs that PCT looks for; absent for uniformly random moves. */
  readonly pctDepth?: number;
}

/** Runs that were drawn. */
export interface SamplingResult extends Sampling {
  /** Runs that did not end within so many moves, which is the limit of one run. Absent when there is none. */
  readonly cut?: { readonly runs: number; readonly moves: number };
}

/** How states were distinguished, when it was not by all that they are. */
export interface Fingerprinting {
  /** Bits of a fingerprint. */
  readonly bits: number;
  /**
   * The probability that a state was taken for another one and missed is at most this, over tables of the fingerprints
   * that are drawn at random.
   */
  readonly missProbability: number;
  /** Times that the search restarted because states were to be rewritten whose words are gone. */
  readonly restarts: number;
}

/** Why a search ended before it had seen everything. */
export type ExploreLimit =
  | { readonly kind: 'states' | 'bytes' | 'depth' | 'switches'; readonly at: number }
  /** `shouldStop` said so. */
  | { readonly kind: 'stopped' }
  /** A thread of the search died or stopped answering; the message says which and what to do. */
  | { readonly kind: 'thread'; readonly message: string }
  /** A finding that was to stop the search. */
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** The model is too small for what the scenario does; the message says where and how to raise it. */
  | { readonly kind: 'model'; readonly message: string; readonly schedule: readonly ScheduledMove[] };

export interface Exploration extends Progress {
  readonly granularity: Granularity;
  /** True when every reachable state was seen. */
  readonly complete: boolean;
  readonly limit?: ExploreLimit;
  /** Set when states were distinguished by fingerprints: complete is then what all states but missed ones are. */
  readonly fingerprints?: Fingerprinting;
  /**
   * Set when the search went by switches: everything with at most so many on its path was visited (-1: nothing yet).
   * Without a limit everything was, whatever the number.
   */
  readonly switches?: {
    readonly asked: number;
    readonly completed: number;
    /** States with no switch on their way, with at most one, and so on. */
    readonly states: readonly number[];
  };
  /** After a limit: what made the search large. */
  readonly cost?: SearchCost;
  /** Set when runs were taken at random: nothing is then proved, and counts are of runs. */
  readonly sampling?: SamplingResult;
  /** The runs themselves, each thing with the seed that gives it again: what shares are put together from. */
  readonly random?: RandomResult;
  /** The longest of the shortest paths: how many moves away the farthest state is. */
  readonly maxDepth: number;
  /** The reductions that were on, without those that turned out not to apply. */
  readonly reductions: Reductions;
  /** Those that were given up on the way. */
  readonly dropped: readonly DroppedReduction[];
  /** Distinct final states, in the sense of the reductions that were on. */
  readonly finals: number;
  /** One for each condition of the model, in its order. */
  readonly conditions: readonly ExploredCondition[];
  /** Names of the terms that conditions mention: the columns of `outcomes`. */
  readonly terms: readonly string[];
  /** Distinct outcomes, sorted by their values. */
  readonly outcomes: readonly Outcome[];
  /** Findings that occurred, one for each site, sorted by {@link bySite}. */
  readonly findings: readonly ExploredFinding[];
}

export interface ExploredCondition {
  readonly quantifier: CompiledCondition['quantifier'];
  readonly text: string;
  readonly line: number;
  readonly applies: boolean;
  /** Undefined while a limit keeps it open. */
  readonly holds: boolean | undefined;
  /** Distinct outcomes in which the proposition is true, and in which it is false. */
  readonly positive: number;
  readonly negative: number;
  /** A way to a final state that decides the quantifier: an example for `exists`, a counterexample for the others. */
  readonly witness?: readonly ScheduledMove[];
  /** With a witness: no way to such a final state is shorter. */
  readonly shortest?: boolean;
}

export interface Outcome {
  /** Values of the terms as people read them. */
  readonly values: readonly string[];
  /** Final states with this outcome, in the sense of the reductions that were on. */
  readonly finals: number;
  /** Per condition of the model: is its proposition true here? */
  readonly truth: readonly boolean[];
  readonly schedule: readonly ScheduledMove[];
}

export interface ExploredFinding extends FindingSite {
  /** Explored moves in which it occurred. Depends on the reductions that were on. */
  readonly occurrences: number;
  /** A way to it; the last move is the one that makes it. */
  readonly schedule: readonly ScheduledMove[];
  /** No way to it is shorter. */
  readonly shortest: boolean;
}

/** A list of moves as a schedule: repetitions counted. */
export function scheduleOf(moves: readonly number[]): ScheduledMove[] {
  const items: { move: number; count: number }[] = [];
  for (const move of moves) {
    const last = items.at(-1);
    if (last?.move === move) last.count++;
    else items.push({ move, count: 1 });
  }
  return items;
}

/** A schedule as the list of its moves. */
export function movesOf(schedule: readonly ScheduledMove[]): number[] {
  return schedule.flatMap(({ move, count }) => new Array<number>(count).fill(move));
}
