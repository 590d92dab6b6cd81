// Checking a scenario, away from the editor's thread: an exploration may take minutes, and ending the worker cancels it.
import { checkScenario, type KernelVerdict, parse } from '@snoopscope/sim-core';

export interface CheckRequest {
  readonly text: string;
  /** Included files, by the path written behind `include`. */
  readonly includes: Readonly<Record<string, string>>;
  /** States to store at most; undefined for the simulator's own limit. */
  readonly maxStates?: number;
}

export type CheckReply = { readonly kind: 'progress'; readonly states: number } | CheckVerdict;

export type CheckVerdict =
  /** The scenario cannot run. Lines count from 0. */
  | { readonly kind: 'broken'; readonly problems: readonly { readonly line: number; readonly message: string }[] }
  | { readonly kind: 'judged'; readonly kernels: readonly KernelReport[] }
  /** A mistake of ours. */
  | { readonly kind: 'bug'; readonly message: string };

export interface KernelReport {
  readonly name: string;
  readonly states: number;
  /** Undefined where a limit kept the verdict open. */
  readonly passed: boolean | undefined;
  readonly conditions: readonly { readonly text: string; readonly line: number; readonly holds: boolean | undefined }[];
  readonly unexpected: readonly string[];
  /** What ended the exploration early. */
  readonly limit?: string;
}

/** Answers one request. `send` gets progress and, last, the verdict. */
export function answer({ text, includes, maxStates }: CheckRequest, send: (reply: CheckReply) => void): void {
  try {
    const read = (path: string) => (Object.hasOwn(includes, path) ? parse(includes[path] ?? '') : undefined);
    const shouldStop = ({ states }: { states: number }) => {
      send({ kind: 'progress', states });
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
  } catch (error) {
    send({ kind: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function reportOf({ profile, exploration, passed, conditions, unexpected }: KernelVerdict): KernelReport {
  const limit = exploration.limit;
  return {
    name: profile.name,
    states: exploration.states,
    passed,
    conditions: conditions.map(({ text, line, holds }) => ({ text, line, holds })),
    unexpected,
    ...(limit && { limit: limit.kind === 'model' ? limit.message : `limit of ${limit.kind}` }),
  };
}
