import type { CpuId } from '../../state/ids.ts';
import type { Op } from '../op.ts';

export const zeroPage: Op = {
  name: 'zero',
  kind: 'host',
  summary: 'The host overwrites the page of a word with zeroes.',
  doc: 'What the kernel does to a page before it hands it out: ordinary write-back stores through the cache of one pCPU.',
  sources: [
    {
      document: 'linux',
      place: 'mm/page_alloc.c; patch series of May 2024, "Enforce CPU cache flush for non-coherent device assignment"',
    },
  ],
  errnos: [],
  example: 'zero x',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the page.' }],
  options: [{ name: 'cpu', doc: 'Through which pCPU; that of the block when left out.', values: 'cpu' }],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const page = world.topology.words[c.word(0)]?.page as number;
      const cpu = Number(c.option('cpu') ?? Math.max(world.topology.actors[c.actor]?.cpu ?? 0, 0)) as CpuId;
      const words = world.topology.pages[page]?.words ?? [];
      return {
        routine: world.routines.define(
          'zero',
          'docs/language.md',
          [],
          (r) =>
            r.step('zero', (t) => {
              for (const word of words) world.cpu.hostStore(t.machine, cpu, word, 0);
              t.return(0);
            }),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
