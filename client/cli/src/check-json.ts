/** Verdicts for programs. */
import type { VerdictGroup } from '@snoopscope/sim-core';
import type { FileVerdict } from './check-file.ts';
import { limitText } from './check-text.ts';
import { EXIT } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import { errorDocument } from './failure-report.ts';

/** One file of the documents of `check` and `test`. `passed` is null while a limit keeps it open; `skipped` says why there was nothing to judge. */
export function verdictDocument({ file, groups, left, passed }: FileVerdict): object {
  const skipped = groups[0]?.skipped;
  if (skipped !== undefined) return { file: file.name, passed: passed ?? null, skipped, kernels: [] };
  const unexplored = left.map(({ name }) => name);
  return {
    file: file.name,
    passed: passed ?? null,
    kernels: groups.map(groupDocument),
    ...(unexplored.length > 0 && { unexplored }),
  };
}

/** A file that could not be checked. What meets a limit has not failed. */
export function failureDocument(file: string, failure: Failure): object {
  return { file, passed: failure.exitCode === EXIT.limit ? null : false, ...errorDocument(failure) };
}

function groupDocument(group: VerdictGroup): object {
  const {
    name,
    kernels,
    explored,
    passed,
    explorations,
    states,
    finals,
    granularity,
    complete,
    limit,
    switches,
    conditions,
    findings,
    waiting,
  } = group;
  return {
    name,
    profiles: kernels,
    explored,
    passed: passed ?? null,
    explorations,
    states,
    finals,
    granularity,
    complete,
    ...(limit && { limit: { kind: limit.kind, message: limitText(limit) } }),
    ...(switches !== undefined && { switches }),
    conditions: conditions.map(({ text, line, holds, positive, negative, schedule, outcome, seen }) => ({
      text,
      line: line + 1,
      holds: holds ?? null,
      positive,
      negative,
      ...(schedule && { schedule }),
      ...(outcome && { outcome }),
      ...(seen && { seen }),
    })),
    findings: findings.map(({ line, ...finding }) => ({ ...finding, ...(line !== undefined && { line: line + 1 }) })),
    ...(waiting !== undefined && { waiting }),
  };
}
