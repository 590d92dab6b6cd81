import type { Op } from '../op.ts';
import { onLine } from './code.ts';

export const clflush: Op = {
  name: 'clflush',
  kind: 'instruction',
  summary: 'Writes back and invalidates one line in every cache.',
  doc: `Acts on the whole coherence domain for that line and never exits, so it works whatever KVM believes about DMA. Its ordering against other instructions is left out: it takes effect at its place in the program.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "CLFLUSH"' }],
  errnos: [],
  example: 'clflush [x]',
  operands: [{ name: 'word', shapes: [{ kind: 'memory' }], doc: 'A word of the line.' }],
  code: onLine('clflush', 'flush the line'),
};
