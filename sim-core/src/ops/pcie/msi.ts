import type { Op } from '../op.ts';

export const msi: Op = {
  name: 'msi',
  kind: 'tlp',
  summary: 'The device raises a message signalled interrupt.',
  doc: [
    'A posted write to the address of an interrupt. It stays after the writes that the device posted before, so the interrupt handler finds their data in memory.',
    'On arrival the register `msi0` of the device (after the vector) becomes 1: a guest waits for it with `wait [gpu.msi0] == 1` and takes it back with `mov [gpu.msi0], 0`. Two that arrive before are one, as in an interrupt controller.',
    'Left out: how VFIO and KVM inject it, interrupt remapping, masks.',
  ].join('\n\n'),
  sources: [{ document: 'PCIe', place: 'Base Specification, "MSI and MSI-X Support", "Transaction Ordering"' }],
  errnos: [],
  example: 'msi 0',
  operands: [{ name: 'vector', shapes: [{ kind: 'immediate' }], doc: 'Which vector.' }],
  code: {
    kind: 'action',
    compile(c) {
      const vector = Number(c.number(0));
      return {
        routine: c.world.routines.define(
          'msi',
          'PCIe Base Specification',
          [],
          (r) =>
            r.step('post the message', (t) => {
              if (c.world.pcie.signal(t.machine, c.device, vector)) t.return(0);
              else t.block();
            }),
          'device',
        ),
        action: undefined,
      };
    },
  },
};
