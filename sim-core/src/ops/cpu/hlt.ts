import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const hlt: Op = {
  name: 'hlt',
  kind: 'instruction',
  summary: 'Leaves the guest until an interrupt; here: for one step.',
  doc: `Exits with reason HLT and continues with the next line. Halting forever is the end of the program.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "HLT"' }],
  errnos: [],
  example: 'hlt',
  operands: [],
  code: inGuest('hlt', 'exit', ({ cpu }, t) => {
    cpu.exit(t, 'HLT');
    return true;
  }),
};
