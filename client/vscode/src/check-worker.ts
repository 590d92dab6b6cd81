// Checking a scenario, away from the editor's thread: an exploration may take minutes.
import {
  type CheckFailure,
  type CheckResult,
  type Coverage,
  CoverageObserver,
  checking,
  checkText,
  type Diagnostic,
  failuresOf,
  grouping,
  type ParsedScenario,
  type Progress,
  passedOf,
  plainLine,
  profileLike,
  type VerdictGroup,
  verdictLines,
} from '@snoopscope/sim-core';
import { limitNotice } from './limit-text.ts';
import { readTexts, type ScenarioTexts } from './scenario-texts.ts';

export interface CheckJob extends ScenarioTexts {
  readonly kind: 'check';
  /** Names of the kernels to judge; those that the scenario's conditions name when left out. */
  readonly kernels?: readonly string[];
  /** Whether the answer says what was executed. */
  readonly coverage?: boolean;
  /** States to store at most; undefined for the simulator's own limit. */
  readonly maxStates?: number;
}

export type CheckReply =
  /** How far the exploration of one of the kernels is. */
  | { readonly kind: 'progress'; readonly progress: Progress; readonly seconds: number }
  /** The scenario cannot run. Lines count from 0. */
  | { readonly kind: 'broken'; readonly problems: readonly { readonly line: number; readonly message: string }[] }
  | JudgedReply;

export interface JudgedReply {
  readonly kind: 'judged';
  /** Undefined where a limit kept the verdict open. */
  readonly passed: boolean | undefined;
  readonly groups: readonly VerdictGroup[];
  readonly failures: readonly CheckFailure[];
  /** The verdict as `snoopscope check` prints it, below the name of the file. */
  readonly lines: readonly string[];
  readonly coverage?: Coverage;
}

const PROGRESS_MS = 200;
/** Between two looks at what happened outside. */
const SLICE_MS = 20;

/** The surroundings of a check. */
export interface CheckSurroundings {
  readonly send: (reply: CheckReply) => void;
  /** Lets what happened outside come in. */
  readonly pause: () => Promise<void>;
  /** The user does not want to wait any longer. */
  readonly stop: AbortSignal;
}

/** Sends progress and, last, the verdict, or as much of it as was known when it was stopped. */
export async function checkOnAllKernels(request: CheckJob, around: CheckSurroundings): Promise<void> {
  const { maxStates } = request;
  const { send, pause, stop } = around;
  const { scenario, read } = readTexts(request);
  // Of its conditions too: one on a kernel that there is not would never be judged.
  const problems = errorsOf([...scenario.diagnostics, ...checkText(scenario, { includes: read })]);
  if (problems.length > 0) {
    send({ kind: 'broken', problems });
    return;
  }
  const coverage = request.coverage ? new CoverageObserver() : undefined;
  const profiles = request.kernels?.flatMap((name) => profileLike(name, scenario.named) ?? []);
  const slices = checking(scenario, {
    includes: read,
    ...(profiles && { profiles }),
    ...(coverage && { coverage }),
    interrupted: () => stop.aborted,
    explore: { shouldStop: () => stop.aborted, ...(maxStates !== undefined && { maxStates }) },
  });
  const result = await inSlices(slices, pause, (progress, seconds) => send({ kind: 'progress', progress, seconds }));
  if (result.kernels.length === 0) send({ kind: 'broken', problems: errorsOf(result.diagnostics) });
  else send({ ...(await judged(scenario, result, around)), ...(coverage && { coverage: coverage.result() }) });
}

async function judged(
  scenario: ParsedScenario,
  { kernels, left }: CheckResult,
  around: CheckSurroundings,
): Promise<JudgedReply> {
  const { stop, pause } = around;
  const groups = await inSlices(
    grouping(kernels, () => stop.aborted),
    pause,
  );
  return {
    kind: 'judged',
    passed: passedOf(groups, left),
    groups,
    failures: failuresOf(groups, limitNotice),
    lines: verdictLines(scenario, groups, { left, limitText: limitNotice }).map(plainLine),
  };
}

/** Does the work to its end. `progress` is told now and then how far it is. */
async function inSlices<Slice, Result>(
  slices: Generator<Slice, Result>,
  pause: () => Promise<void>,
  progress: (slice: Slice, seconds: number) => void = () => {},
): Promise<Result> {
  const began = performance.now();
  let [paused, told] = [began, began];
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    const now = performance.now();
    if (now - told >= PROGRESS_MS) {
      told = now;
      progress(value, (told - began) / 1000);
    }
    if (now - paused < SLICE_MS) continue;
    await pause();
    paused = performance.now();
  }
}

function errorsOf(diagnostics: readonly Diagnostic[]): { line: number; message: string }[] {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ line, message }) => ({ line, message }))
    .toSorted((a, b) => a.line - b.line);
}
