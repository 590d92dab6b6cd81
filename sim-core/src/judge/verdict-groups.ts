/**
 * What a check came to, for people and programs: consecutive kernels with the same verdicts, schedules as lines that can
 * be pasted, findings at their lines. Plain values: command line and editor print them, and a worker can send them.
 */

import type { Granularity, Model, ScheduledMove } from '../engine/model.ts';
import type { Finding } from '../engine/monitors/table.ts';
import { Run } from '../engine/run.ts';
import { stuckText } from '../explain/stuck-text.ts';
import { type ExploredFinding, type ExploreLimit, movesOf } from '../explore/exploration.ts';
import { minimising } from '../explore/minimise.ts';
import type { Profile } from '../kernel/profiles.ts';
import { scheduleText } from '../scenario/elaborate/schedule.ts';
import type { ConditionVerdict, KernelVerdict } from './check.ts';
import { type PlacedFinding, placedFinding } from './placed-finding.ts';
import { skipReason } from './skipped.ts';

/** Consecutive kernels with the same verdicts. */
export interface VerdictGroup {
  /** `v3.13..v5.11`. */
  readonly name: string;
  /** Names of the kernels, oldest first. */
  readonly kernels: readonly string[];
  readonly passed: boolean | undefined;
  /** Why there was nothing to judge: see {@link skipReason}. */
  readonly skipped?: string;
  /** The kernel whose exploration is shown; an earlier one that behaves the same may have been explored for all of them. */
  readonly explored: string;
  /** How many kernels of the group were explored: those that may differ. */
  readonly explorations: number;
  /** States of all of them. */
  readonly states: number;
  /** Final states of the kernel shown; conditions are about these. */
  readonly finals: number;
  readonly granularity: Granularity;
  /** One execution was judged, that of the file's `schedule only`. */
  readonly oneOrder: boolean;
  readonly complete: boolean;
  readonly limit?: ExploreLimit;
  /** With a limit: all interleavings with at most so many switches were visited, on the kernel shown. */
  readonly switches?: number;
  readonly conditions: readonly JudgedCondition[];
  readonly findings: readonly JudgedFinding[];
  /** Set when a plain run gets stuck: who waits, and why. */
  readonly waiting?: string;
}

export interface JudgedCondition extends ConditionVerdict {
  readonly positive: number;
  readonly negative: number;
  /** Set when its whole proposition is a finding. */
  readonly finding?: Finding;
  /** A `schedule` line that leads to a final state which shows or refutes the condition. */
  readonly schedule?: string;
  /** What the condition mentions in that final state: `gpu.r0 = 0`. Absent where it is a finding alone. */
  readonly outcome?: readonly string[];
  /** Of one that no final state shows: what it mentions in those that were seen, each once, `gpu.r0 = 0 and [x] = 1`. */
  readonly seen?: readonly string[];
}

/** A finding that was not expected, and the way to it. */
export interface JudgedFinding extends PlacedFinding {
  readonly finding: Finding;
  /** Explored moves in which it occurred. */
  readonly occurrences: number;
  readonly schedule: string;
}

/** Minimises the schedules of a check and replays its findings, in slices. `shouldStop` ends the minimising. */
export function* grouping(
  kernels: readonly KernelVerdict[],
  shouldStop: () => boolean = () => false,
): Generator<void, VerdictGroup[]> {
  const groups: VerdictGroup[] = [];
  for (const verdicts of alike(kernels)) groups.push(yield* groupOf(verdicts, shouldStop));
  return groups;
}

/** Of the whole check: undefined while a limit keeps it open, or a kernel was left out. */
export function passedOf(groups: readonly VerdictGroup[], left: readonly Profile[]): boolean | undefined {
  if (groups.some(({ passed }) => passed === false)) return false;
  return left.length === 0 && groups.every(({ passed }) => passed) ? true : undefined;
}

/** Releases are a range; kernels that are none have no order that people know. */
export function nameOfKernels(profiles: readonly Profile[]): string {
  const names = profiles.map(({ name }) => name);
  if (names.length > 1 && profiles[0]?.mainline) return `${names[0]}..${names.at(-1)}`;
  return names.join(', ');
}

/** Neighbours in the list of kernels that came to the same verdicts. */
function alike(kernels: readonly KernelVerdict[]): KernelVerdict[][] {
  const groups: KernelVerdict[][] = [];
  for (const verdict of kernels) {
    const last = groups.at(-1)?.at(-1);
    if (last && last.profile.mainline === verdict.profile.mainline && sameVerdict(last, verdict))
      groups.at(-1)?.push(verdict);
    else groups.push([verdict]);
  }
  return groups;
}

function sameVerdict(a: KernelVerdict, b: KernelVerdict): boolean {
  const key = ({ passed, conditions, unexpected }: KernelVerdict): string =>
    JSON.stringify([passed, conditions.map(({ index, holds }) => [index, holds]), unexpected]);
  return key(a) === key(b);
}

function* groupOf(verdicts: readonly KernelVerdict[], shouldStop: () => boolean): Generator<void, VerdictGroup> {
  const shown = verdicts[0]!;
  const shorter = yield* minimising(shown.model, shown.exploration, shouldStop);
  const first = { ...shown, exploration: shorter };
  const { exploration, passed, unexpected, judgedAs } = first;
  const profiles = verdicts.map(({ profile }) => profile);
  const explored = verdicts.filter(({ judgedAs }, i) => verdicts.findIndex((v) => v.judgedAs === judgedAs) === i);
  const skipped = skipReason(first.model);
  const waiting = shouldStop() ? undefined : waitingIn(first.model);
  return {
    name: nameOfKernels(profiles),
    kernels: profiles.map(({ name }) => name),
    passed,
    ...(skipped !== undefined && { skipped }),
    explored: judgedAs.name,
    explorations: explored.length,
    states: explored.reduce((sum, verdict) => sum + verdict.exploration.states, 0),
    finals: exploration.finals,
    granularity: exploration.granularity,
    oneOrder: first.model.onlySchedule,
    complete: verdicts.every((verdict) => verdict.exploration.complete),
    ...(exploration.limit && { limit: exploration.limit }),
    ...(exploration.limit && exploration.switches && { switches: exploration.switches.completed }),
    conditions: first.conditions.map((condition) => judgedCondition(first, condition)),
    findings: exploration.findings
      .filter(({ finding }) => unexpected.includes(finding))
      .map((found) => judgedFinding(first, found)),
    ...(waiting !== undefined && { waiting }),
  };
}

function judgedCondition(verdict: KernelVerdict, condition: ConditionVerdict): JudgedCondition {
  const explored = verdict.exploration.conditions[condition.index];
  const finding = verdict.model.conditions[condition.index]?.finding;
  const witness = explored?.witness;
  return {
    ...condition,
    ...(finding !== undefined && { finding }),
    positive: explored?.positive ?? 0,
    negative: explored?.negative ?? 0,
    ...(witness && { schedule: lineOf(verdict, witness), ...outcomeOf(verdict, condition.index, witness) }),
    ...(condition.holds === false && !witness && finding === undefined && { seen: seenOf(verdict, condition.index) }),
  };
}

function seenOf({ model, exploration: { terms, outcomes } }: KernelVerdict, index: number): string[] {
  const columns = (model.conditions[index]?.terms ?? []).map(({ name }) => ({ name, at: terms.indexOf(name) }));
  const shown = outcomes.map(({ values }) => columns.map(({ name, at }) => `${name} = ${values[at]}`).join(' and '));
  return [...new Set(shown)];
}

/** What a condition mentions, at the end of a way that decides it. One that is a finding alone is about the way. */
function outcomeOf(
  { model, exploration }: KernelVerdict,
  index: number,
  schedule: readonly ScheduledMove[],
): { outcome?: string[] } {
  const { terms, finding } = model.conditions[index] ?? { terms: [] };
  if (terms.length === 0 || finding !== undefined) return {};
  const run = new Run(model, { schedule, granularity: exploration.granularity, maxSteps: REPLAY_STEPS });
  run.runToEnd();
  const { state } = run.executor.machine;
  return { outcome: terms.map(({ name, read, text }) => `${name} = ${text(read(state))}`) };
}

function lineOf({ model, exploration }: KernelVerdict, schedule: readonly ScheduledMove[]): string {
  return scheduleText(model, movesOf(schedule), exploration.granularity);
}

function judgedFinding(verdict: KernelVerdict, found: ExploredFinding): JudgedFinding {
  return {
    finding: found.finding,
    ...placedFinding(verdict.model, found, verdict.exploration.granularity),
    occurrences: found.occurrences,
    schedule: lineOf(verdict, found.schedule),
  };
}

/** Micro-steps after which a replay is not followed any more. */
const REPLAY_STEPS = 20_000;

/** In a plain run somebody never ends: worth a word, because conditions about nothing hold easily. */
function waitingIn(model: Model): string | undefined {
  const run = new Run(model, { maxSteps: REPLAY_STEPS });
  const end = run.runToEnd();
  return end.kind === 'stuck' && !end.deadlock ? stuckText(run, end) : undefined;
}
