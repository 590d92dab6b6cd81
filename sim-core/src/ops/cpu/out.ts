import type { Op } from '../op.ts';

export const outPort: Op = {
  name: 'out',
  kind: 'instruction',
  summary: 'Writes an I/O port: an exit to the VMM.',
  doc: 'Exits to the VMM, which owns the ports of a virtual machine; like any exit it drains the write-combining buffers. What the port does is not modelled.',
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "OUT"; volume 3, "VM exits caused by execution of instructions"' },
  ],
  errnos: [],
  example: 'out 0x60, 1',
  operands: [
    { name: 'port', shapes: [{ kind: 'immediate' }, { kind: 'register' }], doc: 'Which port.', ignored: true },
    { name: 'value', shapes: [{ kind: 'immediate' }, { kind: 'register' }], doc: 'What is written.', ignored: true },
  ],
  code: {
    kind: 'action',
    compile(c) {
      const { cpu, routines } = c.world;
      return {
        routine: routines.define(
          'out',
          'Intel SDM volume 2, "OUT"',
          [],
          (r) =>
            r.step('exit', (t) => {
              if (!cpu.enter(t)) return;
              cpu.exit(t, 'IO_INSTRUCTION');
              t.return(0);
            }),
          'instruction',
        ),
        action: undefined,
      };
    },
  },
};
