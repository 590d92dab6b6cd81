import type { Op } from '../op.ts';

export const invd: Op = {
  name: 'invd',
  kind: 'instruction',
  summary: 'Discards the caches of the executing CPU without writing back; KVM makes it a no-op.',
  doc: `On hardware modified lines are lost. INVD always exits from a guest (exit reason 13), and KVM skips it in every version: a guest cannot discard the host's data.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "INVD"; volume 3, "VM exits caused by execution of instructions"' },
    { document: 'linux', place: 'arch/x86/kvm/vmx/vmx.c, arch/x86/kvm/svm/svm.c' },
  ],
  errnos: [],
  example: 'invd',
  operands: [],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      return {
        routine: world.routines.define(
          'invd',
          'Intel SDM volume 2, "INVD"',
          [],
          (r) => {
            r.step('exit; KVM skips the instruction', (t) => {
              if (!cpu.enter(t)) return;
              cpu.exit(t, 'INVD');
              world.ghost.invd(t.machine, cpu.ordinalOf(t));
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
