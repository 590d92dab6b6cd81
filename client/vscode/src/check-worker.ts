// Checking a scenario, away from the editor's thread: an exploration may take minutes.
import { check, checking, type Diagnostic, type KernelVerdict, type Progress, parse } from '@snoopscope/sim-core';

export interface CheckJob {
  readonly kind: 'check';
  readonly text: string;
  /** Included files, by their paths relative to the scenario. */
  readonly includes: Readonly<Record<string, string>>;
  /** States to store at most; undefined for the simulator's own limit. */
  readonly maxStates?: number;
}

export type CheckReply =
  /** How far the exploration of one of the kernels is. */
  | { readonly kind: 'progress'; readonly progress: Progress; readonly seconds: number }
  /** The scenario cannot run. Lines count from 0. */
  | { readonly kind: 'broken'; readonly problems: readonly { readonly line: number; readonly message: string }[] }
  | { readonly kind: 'judged'; readonly kernels: readonly KernelReport[] };

export interface KernelReport {
  readonly name: string;
  readonly states: number;
  /** Undefined where a limit kept the verdict open. */
  readonly passed: boolean | undefined;
  readonly conditions: readonly { readonly text: string; readonly line: number; readonly holds: boolean | undefined }[];
  readonly unexpected: readonly string[];
  /** No execution ends, so conditions on final states are about nothing. */
  readonly endless: boolean;
  /** What ended the exploration early. */
  readonly limit?: string;
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
export async function checkOnAllKernels(request: CheckJob, { send, pause, stop }: CheckSurroundings): Promise<void> {
  const { text, includes, maxStates } = request;
  const read = (path: string) => (Object.hasOwn(includes, path) ? parse(includes[path] ?? '') : undefined);
  const scenario = parse(text);
  // Of its conditions too: one on a kernel that there is not would never be judged.
  const problems = errorsOf([...scenario.diagnostics, ...check(scenario, { includes: read })]);
  if (problems.length > 0) {
    send({ kind: 'broken', problems });
    return;
  }
  const slices = checking(scenario, {
    includes: read,
    interrupted: () => stop.aborted,
    explore: { shouldStop: () => stop.aborted, ...(maxStates !== undefined && { maxStates }) },
  });
  const began = performance.now();
  let [paused, told] = [began, began];
  for (;;) {
    const { done, value } = slices.next();
    if (done) {
      if (value.kernels.length > 0) send({ kind: 'judged', kernels: value.kernels.map(reportOf) });
      else send({ kind: 'broken', problems: errorsOf(value.diagnostics) });
      return;
    }
    const now = performance.now();
    if (now - told >= PROGRESS_MS) {
      told = now;
      send({ kind: 'progress', progress: value, seconds: (told - began) / 1000 });
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

function reportOf({ profile, exploration, passed, conditions, unexpected }: KernelVerdict): KernelReport {
  const limit = exploration.limit;
  return {
    name: profile.name,
    states: exploration.states,
    passed,
    conditions: conditions.map(({ text, line, holds }) => ({ text, line, holds })),
    unexpected,
    endless: exploration.complete && exploration.finals === 0,
    ...(limit && {
      limit: limit.kind === 'model' || limit.kind === 'thread' ? limit.message : `limit of ${limit.kind}`,
    }),
  };
}
