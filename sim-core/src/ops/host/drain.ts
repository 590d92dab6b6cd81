import type { Op } from '../op.ts';
import { cpuOption } from './options.ts';

export const drain: Op = {
  name: 'drain',
  kind: 'host',
  summary: 'The write-combining buffers of a pCPU reach DRAM.',
  doc: `What a real CPU may do at any time.`,
  sources: [{ document: 'Intel SDM', place: 'volume 3, "Write Combining"' }],
  errnos: [],
  example: 'drain cpu=0',
  operands: [],
  options: [{ name: 'cpu', doc: 'The pCPU.', values: 'cpu', required: true }],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const cpu = cpuOption(c);
      return {
        routine: world.routines.define(
          'drain',
          'docs/language.md',
          [],
          (r) =>
            r.step('drain the buffers', (t) => {
              world.memory.drain(t.machine, cpu);
              t.return(0);
            }),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
