import type { Op } from '../op.ts';

export const mrd: Op = {
  name: 'MRd',
  kind: 'tlp',
  summary: 'The device reads a word of memory.',
  doc: `A memory read request. With \`ns\` the TLP asks for No Snoop; it bypasses the caches if Device Control allows it and the I/O page table entry does not override it (SNP). Otherwise the caches are snooped and a modified line is written back first.

A read may not pass writes: what the device posted before arrives first.

Without a mapping the IOMMU blocks the request, and the register reads as all ones.`,
  sources: [
    {
      document: 'PCIe',
      place: 'Base Specification, "Memory Read Request", "No Snoop Attribute", "Transaction Ordering"',
    },
    { document: 'Intel VT-d', place: 'Architecture Specification, "Snoop Behavior"' },
  ],
  errnos: [],
  example: 'r0 = MRd x ns',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'Whose IOVA is read.' }],
  attributes: [{ name: 'ns', doc: 'Asks for No Snoop.' }],
  binds: true,
  code: {
    kind: 'action',
    compile(c) {
      const word = c.word(0);
      const asked = c.attribute('ns');
      const copy = { value: 0, version: 0 };
      return {
        routine: c.world.routines.define(
          'MRd',
          'PCIe Base Specification',
          [],
          (r) =>
            r.step('translate, snoop or bypass, read', (t) => {
              const done = c.world.pcie.read(t.machine, c.device, word, asked, copy);
              if (c.bind !== undefined) t.machine.put(c.bind, done ? copy.value : -1);
              t.return(0);
            }),
          'device',
        ),
        action: undefined,
      };
    },
  },
};
