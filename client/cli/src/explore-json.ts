/** An exploration for programs. */
import type { CheckpointIdentity } from '@snoopscope/sim-core';
import type { Known } from './explore-file.ts';
import { exploreLimitText } from './explore-text.ts';
import { FORMAT_VERSION } from './json.ts';

/** `cost` and `checkpoint` are all that may differ between two runs of the same call; `exploration` is what `merge` reads. */
export function exploredDocument(
  file: string,
  { report, exploration, seconds, kept }: Known,
  { scenario, kernel, engine }: CheckpointIdentity,
): object {
  const { passed, limit, conditions, findings, states, bytes, ...rest } = report;
  return {
    format: FORMAT_VERSION,
    file,
    passed: passed ?? null,
    ...rest,
    states,
    bytes,
    ...(limit && { limit: { kind: limit.kind, message: exploreLimitText(limit) } }),
    conditions: conditions.map(({ line, holds, ...condition }) => ({
      ...condition,
      line: line + 1,
      holds: holds ?? null,
    })),
    findings: findings.map(({ line, ...finding }) => ({ ...finding, ...(line !== undefined && { line: line + 1 }) })),
    cost: {
      seconds,
      statesPerSecond: Math.round(Math.max(0, states - (kept?.resumedFrom ?? 0)) / Math.max(seconds, 0.001)),
      bytesPerState: bytes / Math.max(states, 1),
    },
    ...(kept && { checkpoint: kept }),
    identity: { scenario, kernel, engine },
    exploration,
  };
}
