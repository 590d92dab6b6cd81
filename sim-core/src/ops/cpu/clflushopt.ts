import type { Op } from '../op.ts';

export const clflushopt: Op = {
  name: 'clflushopt',
  kind: 'instruction',
  summary: 'Writes back and invalidates one line in every cache, weakly ordered.',
  doc: `Acts on the whole coherence domain for that line and never exits, so it works whatever KVM believes about DMA. Its ordering against other instructions is left out: it takes effect where it stands.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "CLFLUSHOPT"' }],
  errnos: [],
  example: 'clflushopt [x]',
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
          'clflushopt',
          'Intel SDM volume 2, "CLFLUSHOPT"',
          (r) => {
            r.step('flush the line', (t) => {
              if (!cpu.enter(t) || !cpu.present(t, word)) return;
              world.memory.flushLine(t.machine, line);
              world.ghost.flushLine(t.machine, line);
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
