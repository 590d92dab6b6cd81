import type { Op } from '../op.ts';

export const freePage: Op = {
  name: 'free',
  kind: 'host',
  summary: 'The page of a word comes back from the VM to the host.',
  doc: 'From here on the host must see what the guest and its devices left in the page.',
  sources: [
    {
      document: 'linux',
      place: 'mm/page_alloc.c; patch series of May 2024, "Enforce CPU cache flush for non-coherent device assignment"',
    },
  ],
  errnos: [],
  example: 'free x',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the page.' }],
  options: [],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const page = world.topology.words[c.word(0)]?.page as number;
      return {
        routine: world.routines.define(
          'free',
          'docs/language.md',
          [],
          (r) =>
            r.step('free', (t) => {
              world.ghost.free(t.machine, page);
              t.return(0);
            }),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
