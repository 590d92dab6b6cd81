/**
 * Every monitor, one line each. The order is the numbering of findings in events and the order in which findings of one
 * moment are reported: a new one goes to the end.
 */
import { belief } from './belief.ts';
import { beliefCost } from './belief-cost.ts';
import { deadlock } from './deadlock.ts';
import { dmaFault } from './dma-fault.ts';
import { kernelOops } from './kernel-oops.ts';
import { kernelWarning } from './kernel-warning.ts';
import { leak } from './leak.ts';
import { lostWrite } from './lost-write.ts';
import type { Monitor } from './monitors.ts';
import { staleRead } from './stale-read.ts';
import { unexpectedResult } from './unexpected-result.ts';
import { unflushedRead } from './unflushed-read.ts';
import { useAfterFree } from './use-after-free.ts';

const TABLE = [
  staleRead,
  unflushedRead,
  lostWrite,
  leak,
  belief,
  beliefCost,
  useAfterFree,
  deadlock,
  kernelWarning,
  dmaFault,
  unexpectedResult,
  kernelOops,
] as const;

/** What a monitor can find; the words of the language's conditions. */
export type Finding = (typeof TABLE)[number]['finding'];

export const MONITORS: readonly Monitor<Finding>[] = TABLE;

/** The operand of a `finding` event is an index into this list. */
export const FINDINGS: readonly Finding[] = MONITORS.map(({ finding }) => finding);

export const monitorByName: ReadonlyMap<string, Monitor<Finding>> = new Map(
  MONITORS.map((monitor) => [monitor.finding, monitor]),
);

/** The monitor that makes a finding. */
export function monitorOf(finding: Finding): Monitor<Finding> {
  return MONITORS[FINDINGS.indexOf(finding)]!;
}
