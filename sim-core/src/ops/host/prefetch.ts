import type { Op } from '../op.ts';
import { onCachedLine } from './code.ts';

export const prefetch: Op = {
  name: 'prefetch',
  kind: 'host',
  summary: 'A line enters the cache of a pCPU, without any instruction asking for it.',
  doc: `What a real prefetcher may do at any time. Nothing happens when the line is already there.`,
  sources: [{ document: 'Intel SDM', place: 'volume 3, "Memory Cache Control"' }],
  errnos: [],
  example: 'prefetch x cpu=0',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the line.' }],
  options: [{ name: 'cpu', doc: 'The pCPU.', values: 'cpu', required: true }],
  code: onCachedLine('prefetch', 'fill the line', ({ memory }, machine, cpu, line) =>
    memory.prefetch(machine, cpu, line),
  ),
};
