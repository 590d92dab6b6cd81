import type { Op } from '../op.ts';

export const mwr: Op = {
  name: 'MWr',
  kind: 'tlp',
  summary: 'The device writes a word of memory.',
  doc: `A posted memory write. Snooped, it invalidates cached copies (a modified one is written back first) and goes to DRAM; with No Snoop in effect it goes to DRAM alone and cached copies stay as they are.`,
  sources: [
    { document: 'PCIe', place: 'Base Specification, "Memory Write Request", "No Snoop Attribute"' },
    { document: 'Intel VT-d', place: 'Architecture Specification, "Snoop Behavior"' },
  ],
  errnos: [],
  example: 'MWr x, 2 ns',
  operands: [
    { name: 'word', shapes: [{ kind: 'word' }], doc: 'Whose IOVA is written.' },
    { name: 'value', shapes: [{ kind: 'immediate' }, { kind: 'register' }], doc: 'What is written.' },
  ],
  attributes: [{ name: 'ns', doc: 'Asks for No Snoop.' }],
  code: {
    kind: 'action',
    compile(c) {
      const word = c.word(0);
      const value = c.read(1);
      const asked = c.attribute('ns');
      return {
        routine: c.world.routines.define(
          'MWr',
          'PCIe Base Specification',
          (r) =>
            r.step('translate, snoop or bypass, write', (t) => {
              c.world.pcie.write(t.machine, c.device, word, value(t), asked);
              t.return(0);
            }),
          'device',
        ),
        action: undefined,
      };
    },
  },
};
