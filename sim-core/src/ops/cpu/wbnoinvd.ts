import type { Op } from '../op.ts';

export const wbnoinvd: Op = {
  name: 'wbnoinvd',
  kind: 'instruction',
  summary: 'Writes back the caches of the executing CPU and keeps the lines.',
  doc: `Shares the encoding of WBINVD with an F3 prefix and takes the same exit; KVM performs a full WBINVD for it. The recordings show WBNOINVD as a WBINVD exit.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "WBNOINVD"' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd()' },
  ],
  errnos: [],
  example: 'wbnoinvd',
  operands: [],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      return {
        routine: world.routines.define(
          'wbnoinvd',
          'Intel SDM volume 2, "WBNOINVD"',
          [],
          (r) => {
            r.step('leave the guest, or write back and invalidate', (t) => {
              if (!cpu.enter(t)) return;
              if (world.topology.cpu.wbinvdExit) {
                cpu.exit(t, 'WBINVD');
                t.call(world.kvm.emulateWbinvd, cpu.vcpuOf(t));
              } else cpu.wbinvdHere(t, true);
            });
            r.local((t) => {
              world.ghost.wbnoinvd(t.machine, cpu.ordinalOf(t));
              t.return(0);
            });
          },
          'instruction',
        ),
        action: undefined,
      };
    },
  },
};
