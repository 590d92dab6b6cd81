import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

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
  code: inGuest('invd', 'exit; KVM skips the instruction', ({ cpu, ghost }, t) => {
    cpu.exit(t, 'INVD');
    ghost.invd(t.machine, cpu.ordinalOf(t));
    return true;
  }),
};
