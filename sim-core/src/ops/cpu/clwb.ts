import type { Op } from '../op.ts';

export const clwb: Op = {
  name: 'clwb',
  kind: 'instruction',
  summary: 'Writes back one line and may keep it.',
  doc: `The line is written back wherever it is modified and stays cached, clean. A device that bypasses the caches sees it; a CPU may go on reading its copy.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "CLWB"' }],
  errnos: [],
  example: 'clwb [x]',
  operands: [{ name: 'word', shapes: [{ kind: 'memory' }], doc: 'A word of the line.' }],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      const word = c.word(0);
      const line = world.topology.words[word]?.line as number;
      return {
        routine: world.routines.define(
          'clwb',
          'Intel SDM volume 2, "CLWB"',
          (r) => {
            r.step('write the line back', (t) => {
              if (!cpu.enter(t) || !cpu.present(t, word)) return;
              world.memory.cleanLine(t.machine, line);
              world.ghost.cleanLine(t.machine, line);
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
