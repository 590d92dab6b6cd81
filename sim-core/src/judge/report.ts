/**
 * What an exploration found out, in words and plain values: schedules as lines that can be pasted, findings as sentences.
 * Command line and editor print it, each in its own way; it can be sent from a worker.
 */

import type { Granularity, Model, ScheduledMove } from '../engine/model.ts';

import type { Finding } from '../engine/monitors/table.ts';
import {
  type DroppedReduction,
  type Exploration,
  type ExploredCondition,
  type ExploreLimit,
  type ExploreOptions,
  type Fingerprinting,
  movesOf,
  type SamplingResult,
} from '../explore/exploration.ts';
import { environmentKinds } from '../explore/few-switches.ts';
import { minimising } from '../explore/minimise.ts';
import type { RandomWitness } from '../explore/random/result.ts';
import { shortening, shorteningFindings } from '../explore/shortest.ts';
import { siteKey } from '../explore/sites.ts';
import { scheduleText } from '../scenario/elaborate/schedule.ts';
import { toEnd } from '../to-end.ts';
import { type Advice, adviceOf } from './advice.ts';
import type { KernelVerdict } from './check.ts';
import { type PlacedFinding, placedFinding } from './placed-finding.ts';
import { skipReason } from './skipped.ts';

export interface ExplorationReport {
  readonly kernel: string;
  readonly granularity: Granularity;
  /** Everything as declared; undefined while a limit keeps it open. */
  readonly passed: boolean | undefined;
  /** Why there was nothing to explore: see {@link skipReason}. */
  readonly skipped?: string;
  /** Every reachable state was seen. */
  readonly complete: boolean;
  readonly limit?: ExploreLimit;
  /** Set when runs were drawn at random: nothing is then proved, and counts are of runs. */
  readonly sampling?: SamplingResult;
  /** Set when states were distinguished by fingerprints: what is proved then, is proved up to the probability in it. */
  readonly fingerprints?: Fingerprinting;
  /** Set when the search went by switches: see {@link Exploration.switches}. */
  readonly switches?: Exploration['switches'];
  readonly states: number;
  readonly transitions: number;
  /** States that are still to be continued; 0 when complete. */
  readonly frontier: number;
  /** How many moves away from the end of the setup the farthest state is. */
  readonly depth: number;
  readonly bytes: number;
  /** What the environment may do, by kinds, those with the most moves first: what to bound after a limit. */
  readonly environment: readonly { readonly kind: string; readonly moves: number }[];
  /** What to do after a limit, in plain values. */
  readonly advice: readonly Advice[];
  /** Reductions that the search gave up on the way. */
  readonly dropped: readonly DroppedReduction[];
  readonly finals: number;
  readonly conditions: readonly ConditionReport[];
  /** Columns of the outcomes. */
  readonly terms: readonly string[];
  readonly outcomes: readonly OutcomeReport[];
  readonly findings: readonly FindingReport[];
}

export interface ConditionReport {
  readonly text: string;
  /** Counting from 0. */
  readonly line: number;
  /** Is it for this kernel? */
  readonly applies: boolean;
  readonly holds: boolean | undefined;
  /** Distinct outcomes in which its proposition is true, and in which it is false. */
  readonly positive: number;
  readonly negative: number;
  readonly observation: Observation | undefined;
  /** A `schedule` line to an outcome that shows or refutes it. */
  readonly schedule?: string;
  /** With a schedule: none is shorter. */
  readonly shortest?: boolean;
  /** Of a random run that decided it: one run with this seed is that run. */
  readonly seed?: number;
}

/** How often the proposition of a condition is true over the outcomes that were seen, in the words of herd. */
export type Observation = 'Always' | 'Sometimes' | 'Never';

export interface OutcomeReport {
  readonly values: readonly string[];
  readonly finals: number;
  readonly schedule: string;
  /** Of the first random run that came to it. */
  readonly seed?: number;
}

export interface FindingReport extends PlacedFinding {
  readonly finding: Finding;
  readonly occurrences: number;
  /** No condition mentions it and it is never right: it fails the scenario. */
  readonly unexpected: boolean;
  /** A `schedule` line whose last move makes it. */
  readonly schedule: string;
  /** None is shorter. */
  readonly shortest: boolean;
  /** Of the first random run that met it. */
  readonly seed?: number;
}

/**
 * Looks for the shortest schedules, minimises them and replays the findings. `search` are the options of the
 * exploration; its `shouldStop` also ends the looking for shorter schedules and the minimising.
 */
export function explorationReport(verdict: KernelVerdict, search: ExploreOptions = {}): ExplorationReport {
  return toEnd(reporting(verdict, search));
}

/** The same in slices of some milliseconds. */
export function* reporting(verdict: KernelVerdict, search: ExploreOptions): Generator<void, ExplorationReport> {
  const { model, profile, passed, unexpected } = verdict;
  const shouldStop = () => search.shouldStop?.(verdict.exploration) ?? false;
  const shorter = yield* shortened(model, verdict.exploration, search, shouldStop);
  const exploration = yield* minimising(model, shorter, shouldStop);
  const { granularity, complete, limit, sampling, states, transitions, frontier, maxDepth, bytes, finals, terms } =
    exploration;
  const line = (schedule: readonly ScheduledMove[]): string => scheduleText(model, movesOf(schedule), granularity);
  const { dropped, fingerprints, random, switches } = exploration;
  const skipped = skipReason(model);
  return {
    kernel: profile.name,
    granularity,
    passed,
    ...(skipped !== undefined && { skipped }),
    complete,
    ...(limit && { limit }),
    ...(sampling && { sampling }),
    ...(fingerprints && { fingerprints }),
    ...(switches && { switches }),
    states,
    transitions,
    frontier,
    depth: maxDepth,
    bytes,
    environment: environmentKinds(model),
    advice: adviceOf(exploration),
    dropped,
    finals,
    conditions: exploration.conditions.map(
      ({ text, line: at, applies, holds, positive, negative, witness, shortest }, index) => ({
        text,
        line: at,
        applies,
        holds,
        positive,
        negative,
        observation: observationOf(positive, negative),
        ...(witness && { schedule: line(witness), shortest: shortest ?? false }),
        ...seedOf(random?.conditions[index]),
      }),
    ),
    terms,
    outcomes: exploration.outcomes.map(({ values, finals: count, schedule }, index) => ({
      values,
      finals: count,
      schedule: line(schedule),
      ...seedOf(random?.outcomes[index]),
    })),
    findings: exploration.findings.map((found) => ({
      finding: found.finding,
      ...placedFinding(model, found, granularity),
      occurrences: found.occurrences,
      unexpected: unexpected.includes(found.finding),
      schedule: line(found.schedule),
      shortest: found.shortest,
      ...seedOf(random?.findings.find((one) => siteKey(one) === siteKey(found))),
    })),
  };
}

function seedOf(shown: { readonly first?: RandomWitness } | undefined): { readonly seed?: number } {
  return shown?.first ? { seed: shown.first.seed } : {};
}

/** Persistent sets keep verdicts, but not every shortest way; runs at random are what they are. */
function* shortened(
  model: Model,
  exploration: Exploration,
  search: ExploreOptions,
  shouldStop: () => boolean,
): Generator<void, Exploration> {
  // What went by switches would take a search of its own for its shortest way.
  if (exploration.sampling || exploration.switches) return exploration;
  const findings = shouldStop() ? exploration.findings : yield* shorteningFindings(model, exploration, search);
  const conditions: ExploredCondition[] = [];
  for (const [index, known] of exploration.conditions.entries()) {
    const target = { kind: 'condition', index } as const;
    const found = shouldStop() ? undefined : yield* shortening(model, exploration, target, search);
    conditions.push(found ? { ...known, witness: found.schedule, shortest: found.shortest } : known);
  }
  return { ...exploration, findings, conditions };
}

function observationOf(positive: number, negative: number): Observation | undefined {
  if (positive + negative === 0) return undefined;
  return negative === 0 ? 'Always' : positive === 0 ? 'Never' : 'Sometimes';
}
