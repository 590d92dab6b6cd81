import type { Op } from '../op.ts';

export const inPort: Op = {
  name: 'in',
  kind: 'instruction',
  summary: 'Reads an I/O port: an exit to the VMM.',
  doc: 'Exits to the VMM, which owns the ports of a virtual machine; like any exit it drains the write-combining buffers. What a port answers is not modelled: the register is 0.',
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "IN"; volume 3, "VM exits caused by execution of instructions"' },
  ],
  errnos: [],
  example: 'in eax, 0x60',
  operands: [
    { name: 'destination', shapes: [{ kind: 'register' }], doc: 'Gets 0.' },
    { name: 'port', shapes: [{ kind: 'immediate' }, { kind: 'register' }], doc: 'Which port.', ignored: true },
  ],
  code: {
    kind: 'action',
    compile(c) {
      const { cpu, routines } = c.world;
      const register = c.register(c.name(0) ?? c.problem(0, 'Expected a register.'));
      return {
        routine: routines.define(
          'in',
          'Intel SDM volume 2, "IN"',
          [],
          (r) =>
            r.step('exit', (t) => {
              if (!cpu.enter(t)) return;
              cpu.exit(t, 'IO_INSTRUCTION');
              t.machine.put(register, 0);
              t.return(0);
            }),
          'instruction',
        ),
        action: undefined,
      };
    },
  },
};
