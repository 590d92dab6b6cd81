import type { Op } from '../op.ts';
import { cpuOption } from './options.ts';

export const prefetch: Op = {
  name: 'prefetch',
  kind: 'host',
  summary: 'A line enters the cache of a pCPU, without any instruction asking for it.',
  doc: `What a real prefetcher may do at any time. Nothing happens when the line is there already.`,
  sources: [{ document: 'Intel SDM', place: 'volume 3, "Memory Cache Control"' }],
  errnos: [],
  example: 'prefetch x cpu=0',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the line.' }],
  options: [{ name: 'cpu', doc: 'Which pCPU.', values: 'cpu', required: true }],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const line = world.topology.words[c.word(0)]?.line as number;
      const cpu = cpuOption(c);
      return {
        routine: world.routines.define(
          'prefetch',
          'docs/language.md',
          [],
          (r) =>
            r.step('fill the line', (t) => {
              world.memory.prefetch(t.machine, cpu, line);
              t.return(0);
            }),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
