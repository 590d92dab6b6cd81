import type { Op } from '../op.ts';
import { onCachedLine } from './code.ts';

export const evict: Op = {
  name: 'evict',
  kind: 'host',
  summary: 'A line leaves the cache of a pCPU, written back when modified.',
  doc: `What a real cache may do at any time. Nothing happens when the line is not there.`,
  sources: [{ document: 'Intel SDM', place: 'volume 3, "Memory Cache Control"' }],
  errnos: [],
  example: 'evict x cpu=0',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the line.' }],
  options: [{ name: 'cpu', doc: 'The pCPU.', values: 'cpu', required: true }],
  code: onCachedLine('evict', 'evict the line', ({ memory }, machine, cpu, line) => memory.evict(machine, cpu, line)),
};
