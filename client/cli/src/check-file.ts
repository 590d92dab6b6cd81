/** Checking one scenario file, and what came out of it, in the shape that all formats print. */
import {
  type CheckOptions,
  type CheckResult,
  type CoverageObserver,
  checking,
  counted,
  grouping,
  type Profile,
  passedOf,
  type VerdictGroup,
} from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { breathe } from './io.ts';
import { brokenScenario, type ScenarioFile } from './scenario-file.ts';
import { withPauses } from './with-pauses.ts';

export interface CheckRequest {
  readonly profiles?: readonly Profile[];
  readonly explore: NonNullable<CheckOptions['explore']>;
  /** Sees what is executed. */
  readonly coverage?: CoverageObserver;
  /** Seconds of exploration of one kernel, if limited. */
  readonly maxSeconds?: number;
  readonly interrupt: AbortSignal;
  /** Told after each slice of work how far the exploration is. */
  readonly progress?: (text: string) => void;
}

export interface FileVerdict {
  readonly file: ScenarioFile;
  /** Kernels that come to the same, oldest first. */
  readonly groups: readonly VerdictGroup[];
  /** Kernels that it did not come to because the user pressed Ctrl-C. */
  readonly left: readonly Profile[];
  /** Undefined while a limit keeps it open. */
  readonly passed: boolean | undefined;
  readonly exitCode: ExitCode;
}

/** Checks over all interleavings. What is wrong with the text is a Failure. */
export async function checkFile(file: ScenarioFile, request: CheckRequest): Promise<FileVerdict> {
  const { diagnostics, kernels, left } = await inSlices(file, request);
  if (diagnostics.length > 0) throw brokenScenario(file, diagnostics);
  const groups = await withPauses(grouping(kernels, () => request.interrupt.aborted));
  const passed = passedOf(groups, left);
  return { file, groups, left, passed, exitCode: exitCodeOf(passed, request.interrupt) };
}

async function inSlices(file: ScenarioFile, request: CheckRequest): Promise<CheckResult> {
  const { profiles, explore, maxSeconds, interrupt, coverage } = request;
  let began = performance.now();
  const late = (): boolean => maxSeconds !== undefined && performance.now() - began > maxSeconds * 1000;
  const slices = checking(file.parsed, {
    includes: file.includes,
    ...(profiles && { profiles }),
    ...(coverage && { coverage }),
    explore: { ...explore, shouldStop: () => interrupt.aborted || late() },
    interrupted: () => interrupt.aborted,
  });
  let seen = 0;
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    // Fewer states than before: the search of the next kernel has begun.
    if (value.states < seen) began = performance.now();
    seen = value.states;
    request.progress?.(`${counted(value.states, 'state')}, frontier ${value.frontier}, ${file.name}`);
    await breathe();
  }
}

function exitCodeOf(passed: boolean | undefined, interrupt: AbortSignal): ExitCode {
  if (passed === false) return EXIT.failed;
  if (passed) return EXIT.fine;
  return interrupt.aborted ? EXIT.interrupted : EXIT.limit;
}
