import type { Op } from '../op.ts';

export const movnti: Op = {
  name: 'movnti',
  kind: 'instruction',
  summary: 'Stores a register or number past the caches.',
  doc: `A non-temporal store: on write-back memory it follows the write-combining rules and the line leaves all caches. It reaches DRAM when the buffer drains: at a fence, an uncached access, WBINVD or an exit.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "MOVNTI"; volume 1, "Caching of Temporal vs. Non-Temporal Data"' },
  ],
  errnos: [],
  example: 'movnti [x], 1',
  operands: [
    { name: 'word', shapes: [{ kind: 'memory' }], doc: 'Where it goes.' },
    { name: 'value', shapes: [{ kind: 'immediate' }, { kind: 'register' }], doc: 'The value.' },
  ],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      const word = c.word(0);
      const value = c.read(1);
      return {
        routine: world.routines.define(
          'movnti',
          'Intel SDM volume 2, "MOVNTI"',
          [],
          (r) => {
            r.step('store past the caches', (t) => {
              if (!cpu.enter(t) || !cpu.present(t, word, true)) return;
              if (cpu.storeNonTemporal(t, word, value(t))) t.return(0);
            });
          },
          'instruction',
        ),
        action: undefined,
      };
    },
  },
};
