/** Every monitor, one line each; the order is the order in which findings of one moment are reported. */
import { belief, beliefCost } from './belief.ts';
import { dmaFault } from './dma-fault.ts';
import { deadlock, kernelWarning, useAfterFree } from './kernel-findings.ts';
import { leak } from './leak.ts';
import { lostWrite } from './lost-write.ts';
import type { Monitor } from './monitors.ts';
import { staleRead } from './stale-read.ts';
import { unexpectedResult } from './unexpected-result.ts';
import { unflushedRead } from './unflushed-read.ts';

export const MONITORS: readonly Monitor[] = [
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
];
