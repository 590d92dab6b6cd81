/** What one run came to: its end, its findings, and what it says about the conditions. */
import {
  type ConditionInRun,
  conditionsInRun,
  counted,
  type End,
  EVENT_WIDTH,
  FINDINGS,
  type FinalValue,
  type Finding,
  finalValues,
  NOTE,
  type Profile,
  type Run,
  stuckText,
} from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { ScenarioFile } from './scenario-file.ts';

export interface RunOutcome {
  readonly file: ScenarioFile;
  readonly profile: Profile;
  readonly run: Run;
  readonly end: RunEnd;
  readonly values: readonly FinalValue[];
  readonly conditions: readonly ConditionInRun[];
  readonly findings: readonly Finding[];
  /** Of a trace: where this version runs it differently. The run is then the recorded one. */
  readonly difference?: string;
}

/** How a run ended; `interrupted` when the user did not want to wait, `open` when it was saved before it ended. */
export type RunEnd = End | { readonly kind: 'interrupted' | 'open' };

export function outcomeOf(file: ScenarioFile, run: Run, end: RunEnd): RunOutcome {
  const { state } = run.executor.machine;
  const conditions = isFinal(end) ? conditionsInRun(run.model, state) : [];
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

export function exitCodeOf({ end, conditions, findings, difference }: RunOutcome): ExitCode {
  if (end.kind === 'interrupted') return EXIT.interrupted;
  if (
    difference !== undefined ||
    findings.includes('unexpected-result') ||
    conditions.some(({ decides }) => decides === 'refuted')
  )
    return EXIT.failed;
  return end.kind === 'limit' ? EXIT.limit : EXIT.fine;
}

/** Conditions are about final states: where no actor can move any more. */
function isFinal(end: RunEnd): boolean {
  return end.kind === 'completed' || end.kind === 'stuck';
}

/** Each kind of finding once, in the order in which they occurred. */
function findingsOf(run: Run): Finding[] {
  const found = new Set<Finding>();
  for (let event = 0; event < run.events; event++) {
    const at = event * EVENT_WIDTH;
    if (run.log[at] === NOTE.finding) found.add(FINDINGS[run.log[at + 1]!]!);
  }
  return [...found];
}

/** How the run ended, in one sentence. */
export function endText({ end, run }: Pick<RunOutcome, 'end' | 'run'>): string {
  switch (end.kind) {
    case 'completed':
      return `Completed after ${counted(run.steps, 'micro-step')}: every actor has finished.`;
    case 'stuck':
      return stuckText(run, end);
    case 'limit':
      return end.limit === 'steps'
        ? `Stopped at the limit of ${counted(end.at, 'micro-step')}; --max-steps raises it.`
        : `Stopped at the limit of ${end.at} recorded events.`;
    case 'open':
      return `Saved after ${counted(run.steps, 'micro-step')}, before its end.`;
    case 'interrupted':
      return `Interrupted after ${counted(run.steps, 'micro-step')}.`;
  }
}
