import type { Op } from '../op.ts';

export const mwr: Op = {
  name: 'MWr',
  kind: 'tlp',
  summary: 'The device writes a word of memory.',
  doc: `A posted memory write. Snooped, it invalidates cached copies (a modified one is written back first) and goes to DRAM; with No Snoop in effect it goes to DRAM alone and cached copies stay as they are.

A device with \`posted-writes=4\` continues before the write has arrived: up to that many writes and MSIs are in flight, arrive at any time later, one after the other (\`post(gpu)\` in a schedule), and are translated on arrival. A read by the device, and a read of the device (MMIO or config space), pushes them to memory first. Without the option a write arrives in the step that sends it.`,
  sources: [
    {
      document: 'PCIe',
      place: 'Base Specification, "Memory Write Request", "No Snoop Attribute", "Transaction Ordering"',
    },
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
          [],
          (r) =>
            r.step('post the write', (t) => {
              if (c.world.pcie.write(t.machine, c.device, word, value(t), asked)) t.return(0);
              else t.block();
            }),
          'device',
        ),
        action: undefined,
      };
    },
  },
};
