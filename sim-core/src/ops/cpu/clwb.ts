import type { Op } from '../op.ts';
import { onLine } from './code.ts';

export const clwb: Op = {
  name: 'clwb',
  kind: 'instruction',
  summary: 'Writes back one line and may keep it.',
  doc: `The line is written back wherever it is modified and stays cached, clean. A device that bypasses the caches sees it; a CPU may keep reading its copy.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "CLWB"' }],
  errnos: [],
  example: 'clwb [x]',
  operands: [{ name: 'word', shapes: [{ kind: 'memory' }], doc: 'A word of the line.' }],
  code: onLine('clwb', 'write the line back'),
};
