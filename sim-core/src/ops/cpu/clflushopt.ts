import type { Op } from '../op.ts';
import { onLine } from './code.ts';

export const clflushopt: Op = {
  name: 'clflushopt',
  kind: 'instruction',
  summary: 'Writes back and invalidates one line in every cache, weakly ordered.',
  doc: `Acts on the whole coherence domain for that line and never exits, so it works whatever KVM believes about DMA. Its ordering against other instructions is left out: it takes effect at its place in the program.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "CLFLUSHOPT"' }],
  errnos: [],
  example: 'clflushopt [x]',
  operands: [{ name: 'word', shapes: [{ kind: 'memory' }], doc: 'A word of the line.' }],
  code: onLine('clflushopt', 'flush the line'),
};
