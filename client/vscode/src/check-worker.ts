// Checking a scenario, away from the editor's thread: an exploration may take minutes, and ending the worker cancels it.
import { checkScenario, type KernelVerdict, type Progress, parse } from '@snoopscope/sim-core';

export interface CheckRequest {
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
  /** No execution comes to an end, so conditions on final states are about nothing. */
  readonly endless: boolean;
  /** What ended the exploration early. */
  readonly limit?: string;
}

const PROGRESS_MS = 200;

/** `send` gets progress and, last, the verdict. */
export function checkOnAllKernels(request: CheckRequest, send: (reply: CheckReply) => void): void {
  const { text, includes, maxStates } = request;
  const read = (path: string) => (Object.hasOwn(includes, path) ? parse(includes[path] ?? '') : undefined);
  const began = performance.now();
  let told = began;
  const shouldStop = (progress: Progress) => {
    if (performance.now() - told < PROGRESS_MS) return false;
    told = performance.now();
    send({ kind: 'progress', progress, seconds: (told - began) / 1000 });
    return false;
  };
  const { diagnostics, kernels } = checkScenario(parse(text), {
    includes: read,
    explore: { shouldStop, ...(maxStates !== undefined && { maxStates }) },
  });
  const problems = diagnostics.filter(({ severity }) => severity === 'error');
  if (kernels.length === 0)
    send({ kind: 'broken', problems: problems.map(({ line, message }) => ({ line, message })) });
  else send({ kind: 'judged', kernels: kernels.map(reportOf) });
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
    ...(limit && { limit: limit.kind === 'model' ? limit.message : `limit of ${limit.kind}` }),
  };
}
