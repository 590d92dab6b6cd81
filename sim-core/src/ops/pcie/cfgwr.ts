import type { Op } from '../op.ts';

const ENABLE_NO_SNOOP = 0x800n;

export const cfgWr: Op = {
  name: 'CfgWr',
  kind: 'tlp',
  summary: 'The device writes its own configuration space: the backdoor.',
  doc: `Some devices can write their configuration registers from inside, where no hypervisor sees it. \`CfgWr DevCtl, 0x800\` sets Enable No Snoop (bit 11), \`CfgWr DevCtl, 0\` clears it. This is why clearing the bit from the host does not make a device coherent.`,
  sources: [
    { document: 'PCIe', place: 'Base Specification, "Device Control Register"' },
    { document: 'linux', place: 'kvm-vfio cover letter, October 2013' },
  ],
  errnos: [],
  example: 'CfgWr DevCtl, 0x800',
  operands: [
    { name: 'register', shapes: [{ kind: 'config-register' }], doc: 'DevCtl.' },
    { name: 'value', shapes: [{ kind: 'immediate' }], doc: 'Bit 11 is Enable No Snoop.' },
  ],
  code: {
    kind: 'action',
    compile(c) {
      if (c.name(0) !== 'DevCtl') c.problem(0, 'Only DevCtl (Device Control) is modelled.');
      const enable = (c.number(1) & ENABLE_NO_SNOOP) !== 0n ? 1 : 0;
      const slot = c.world.pcie.enableNoSnoop.base + c.device;
      return {
        routine: c.world.routines.define(
          'CfgWr',
          'PCIe Base Specification',
          [],
          (r) =>
            r.step('write Device Control', (t) => {
              t.machine.put(slot, enable);
              t.return(0);
            }),
          'device',
        ),
        action: undefined,
      };
    },
  },
};
