/** Every monitor, one line each; the order is the order in which findings of one moment are reported. */
import { dmaFault } from './dma-fault.ts';
import { lostWrite } from './lost-write.ts';
import type { Monitor } from './monitors.ts';
import { staleRead } from './stale-read.ts';
import { unexpectedResult } from './unexpected-result.ts';
import { unflushedRead } from './unflushed-read.ts';

export const MONITORS: readonly Monitor[] = [staleRead, unflushedRead, lostWrite, dmaFault, unexpectedResult];
