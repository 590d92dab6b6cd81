import { memtypeNamed } from '../../memory/memtype.ts';
import type { Op } from '../op.ts';

export const pat: Op = {
  name: 'pat',
  kind: 'instruction',
  summary: 'The guest maps the page of a word with a memory type.',
  doc: `Stands for what a guest does with its page tables and PAT: from here on its accesses to the page ask for that type. What they get depends on the second-stage leaf: with IPAT set the guest's choice is ignored. A guest ought to flush the page before it changes the type.`,
  sources: [{ document: 'Intel SDM', place: 'volume 3, "Page Attribute Table (PAT)"' }],
  errnos: [],
  example: 'pat x = UC',
  operands: [
    { name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the page.' },
    { name: 'type', shapes: [{ kind: 'memory-type' }], doc: 'UC, UC-, WC, WT, WP or WB.' },
  ],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      const page = world.topology.words[c.word(0)]!.page;
      const name = c.name(1) ?? c.problem(1, 'Expected a memory type.');
      const type = memtypeNamed(name) ?? c.problem(1, `${name} is not a memory type: UC, UC-, WC, WT, WP or WB.`);
      return {
        routine: world.routines.define(
          'pat',
          'Intel SDM volume 2, "PAT"',
          [],
          (r) => {
            r.step('change the page table entry', (t) => {
              if (!cpu.enter(t)) return;
              cpu.setGuestPat(t, page, type);
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
