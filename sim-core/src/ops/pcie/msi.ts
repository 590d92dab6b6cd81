import { NOTE } from '../../state/machine.ts';
import type { Op } from '../op.ts';

export const msi: Op = {
  name: 'msi',
  kind: 'tlp',
  summary: 'The device raises a message signalled interrupt.',
  doc: `A posted write that stays behind the device's earlier writes. The model delivers it in the same step; injecting it into a guest is left out, so a scenario waits for a word or register instead.`,
  sources: [{ document: 'PCIe', place: 'Base Specification, "MSI and MSI-X Support"' }],
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
          (r) =>
            r.step('send the message', (t) => {
              t.machine.note(NOTE.msi, c.device, vector, 0);
              t.return(0);
            }),
          'device',
        ),
        action: undefined,
      };
    },
  },
};
