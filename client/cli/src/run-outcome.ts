/** What one run came to: its end, its findings, and what it says about the conditions. */
import {
  type CompiledCondition,
  type End,
  EVENT_WIDTH,
  FINDINGS,
  type Finding,
  NOTE,
  type Profile,
  type Run,
  stuckText,
} from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type FinalValue, finalValues } from './final-values.ts';
import type { ScenarioFile } from './scenario-file.ts';

export interface RunOutcome {
  readonly file: ScenarioFile;
  readonly profile: Profile;
  readonly run: Run;
  readonly end: RunEnd;
  readonly values: readonly FinalValue[];
  readonly conditions: readonly ConditionInRun[];
  readonly findings: readonly Finding[];
}

/** How a run ended; `interrupted` when the user did not want to wait. */
export type RunEnd = End | { readonly kind: 'interrupted' };

export interface ConditionInRun {
  readonly condition: CompiledCondition;
  /** Is the proposition true at the end of this run? */
  readonly holds: boolean;
  /** Does this run alone decide the condition? A single run can show `exists` and refute `~exists` and `forall`. */
  readonly decides: 'shown' | 'refuted' | undefined;
}

export function outcomeOf(file: ScenarioFile, run: Run, end: RunEnd): RunOutcome {
  const { state } = run.executor.machine;
  const conditions = isFinal(end) ? run.model.conditions.filter((c) => c.applies).map((c) => judged(c, state)) : [];
  return {
    file,
    profile: run.model.world.kernel.profile,
    run,
    end,
    values: finalValues(run.model, state),
    conditions,
    findings: findingsOf(run),
  };
}

export function exitCodeOf({ end, conditions, findings }: RunOutcome): ExitCode {
  if (end.kind === 'interrupted') return EXIT.interrupted;
  if (findings.includes('unexpected-result') || conditions.some(({ decides }) => decides === 'refuted'))
    return EXIT.failed;
  return end.kind === 'limit' ? EXIT.limit : EXIT.fine;
}

/** Conditions are about final states: where no actor can move any more. */
function isFinal(end: RunEnd): boolean {
  return end.kind === 'completed' || end.kind === 'stuck';
}

function judged(condition: CompiledCondition, state: Int32Array): ConditionInRun {
  const holds = condition.holds(state);
  switch (condition.quantifier) {
    case 'exists':
      return { condition, holds, decides: holds ? 'shown' : undefined };
    case '~exists':
      return { condition, holds, decides: holds ? 'refuted' : undefined };
    case 'forall':
      return { condition, holds, decides: holds ? undefined : 'refuted' };
  }
}

/** Each kind of finding once, in the order in which they occurred. */
function findingsOf(run: Run): Finding[] {
  const found = new Set<Finding>();
  for (let event = 0; event < run.events; event++) {
    const at = event * EVENT_WIDTH;
    if (run.log[at] === NOTE.finding) found.add(FINDINGS[run.log[at + 1] as number] as Finding);
  }
  return [...found];
}

/** How the run ended, in one sentence. */
export function endText({ end, run }: Pick<RunOutcome, 'end' | 'run'>): string {
  switch (end.kind) {
    case 'completed':
      return `Completed after ${run.steps} micro-steps: every actor has finished.`;
    case 'stuck':
      return stuckText(run, end);
    case 'limit':
      return end.limit === 'steps'
        ? `Stopped at the limit of ${end.at} micro-steps; --max-steps raises it.`
        : `Stopped at the limit of ${end.at} recorded events.`;
    case 'interrupted':
      return `Interrupted after ${run.steps} micro-steps.`;
  }
}
