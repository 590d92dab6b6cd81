import type { Op } from '../op.ts';

export const hlt: Op = {
  name: 'hlt',
  kind: 'instruction',
  summary: 'Leaves the guest until an interrupt; here: for one step.',
  doc: `Exits with reason HLT and continues with the next line. Halting forever is the end of the program.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "HLT"' }],
  errnos: [],
  example: 'hlt',
  operands: [],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      return {
        routine: world.routines.define(
          'hlt',
          'Intel SDM volume 2, "HLT"',
          [],
          (r) => {
            r.step('exit', (t) => {
              if (!cpu.enter(t)) return;
              cpu.exit(t, 'HLT');
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
