import type { Op } from '../op.ts';

export const lfence: Op = {
  name: 'lfence',
  kind: 'instruction',
  summary: 'Orders all earlier loads.',
  doc: `The model has no store buffers and executes in order, so a fence only matters for write-combining stores.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "LFENCE"' }],
  errnos: [],
  example: 'lfence',
  operands: [],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      return {
        routine: world.routines.define(
          'lfence',
          'Intel SDM volume 2, "LFENCE"',
          (r) => {
            r.step('nothing that the model has', (t) => {
              if (!cpu.enter(t)) return;
              t.return(0);
            });
          },
          'instruction',
        ),
        action: undefined,
      };
    },
  },
};
