import type { Op } from '../op.ts';
import { cpuOption } from './options.ts';

export const evict: Op = {
  name: 'evict',
  kind: 'host',
  summary: 'A line leaves the cache of a pCPU, written back when modified.',
  doc: `What a real cache may do at any time. Nothing happens when the line is not there.`,
  sources: [{ document: 'Intel SDM', place: 'volume 3, "Memory Cache Control"' }],
  errnos: [],
  example: 'evict x cpu=0',
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
          'evict',
          'docs/language.md',
          [],
          (r) =>
            r.step('evict the line', (t) => {
              world.memory.evict(t.machine, cpu, line);
              t.return(0);
            }),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
