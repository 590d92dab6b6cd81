import type { Op } from '../op.ts';

export const deviceMov: Op = {
  name: 'mov',
  kind: 'tlp',
  summary: 'The device sets a register of its own.',
  doc: [
    'What the logic or firmware of a device does inside it: no TLP leaves. A guest sees the register through the BAR, `mov eax, [gpu.status]`, or by `wait [gpu.status] == 1`, which stands for an interrupt pin or for time that passes.',
    'Since nothing travels, the register can change before writes arrive that the device posted earlier. The completion of a read may not overtake them: a guest that reads the register has pushed them to memory.',
  ].join('\n\n'),
  sources: [{ document: 'PCIe', place: 'Base Specification, "Transaction Ordering"' }],
  errnos: [],
  example: 'mov status, 1',
  operands: [
    { name: 'register', shapes: [{ kind: 'register' }], doc: 'A register of the device.' },
    { name: 'value', shapes: [{ kind: 'immediate' }, { kind: 'register' }], doc: 'What it gets.' },
  ],
  code: {
    kind: 'action',
    compile(c) {
      const slot = c.register(c.name(0) ?? c.problem(0, 'Expected a register of the device.'));
      const value = c.read(1);
      return {
        routine: c.world.routines.define(
          'mov',
          'BAR',
          [],
          (r) =>
            r.step('set the register', (t) => {
              t.machine.put(slot, value(t));
              t.return(0);
            }),
          'device',
        ),
        action: undefined,
      };
    },
  },
};
