import type { Op } from '../op.ts';

export const wbinvd: Op = {
  name: 'wbinvd',
  kind: 'instruction',
  summary: 'Writes back and invalidates the caches of the executing CPU.',
  doc: `On bare metal the executing CPU writes back every modified line and empties its caches. In a guest it exits (exit reason 54, SVM intercept 0x89) and KVM decides: without non-coherent DMA nothing happens; with it, every pCPU of the vCPU's \`wbinvd_dirty_mask\` executes WBINVD. Up to v5.11 the pCPU that runs the handler was left out.

A CPU without WBINVD exiting (\`wbinvd-exit=off\`) executes it in the guest, on the pCPU that the vCPU happens to be on.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "WBINVD"' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip()' },
  ],
  errnos: [],
  example: 'wbinvd',
  operands: [],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      return {
        routine: world.routines.define(
          'wbinvd',
          'Intel SDM volume 2, "WBINVD"',
          [],
          (r) => {
            r.step('leave the guest, or write back and invalidate', (t) => {
              if (!cpu.enter(t)) return;
              if (world.topology.cpu.wbinvdExit) {
                cpu.exit(t, 'WBINVD');
                t.call(world.kvm.emulateWbinvd, cpu.vcpuOf(t));
              } else cpu.wbinvdHere(t);
            });
            r.local((t) => {
              world.ghost.wbinvd(t.machine, cpu.ordinalOf(t));
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
