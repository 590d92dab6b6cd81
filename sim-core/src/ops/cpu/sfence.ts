import type { Op } from '../op.ts';

export const sfence: Op = {
  name: 'sfence',
  kind: 'instruction',
  summary: 'Orders all earlier stores; drains the write-combining buffers.',
  doc: `The model has no store buffers and executes in order, so a fence only matters for write-combining stores.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "SFENCE"' }],
  errnos: [],
  example: 'sfence',
  operands: [],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      return {
        routine: world.routines.define(
          'sfence',
          'Intel SDM volume 2, "SFENCE"',
          (r) => {
            r.step('drain the write-combining buffers', (t) => {
              if (!cpu.enter(t)) return;
              world.memory.drain(t.machine, cpu.cpuOf(t));
              world.ghost.fence(t.machine, cpu.ordinalOf(t));
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
