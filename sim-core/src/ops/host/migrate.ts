import { reload } from '../../cpu/migrate.ts';
import type { Op } from '../op.ts';
import { cpuOption } from './options.ts';

export const migrateOp: Op = {
  name: 'migrate',
  kind: 'host',
  summary: 'The host takes a vCPU off its pCPU and loads it on one.',
  doc: `The scheduler takes the vCPU off its pCPU and loads it on another, or on the same one again: kvm_arch_vcpu_load() runs there, and with non-coherent DMA notes the pCPU in the dirty mask. A vCPU that has not run yet begins there. Waits while there is no vCPU or it may not be preempted.`,
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_sched_in(), arch/x86/kvm/x86.c kvm_arch_vcpu_load()' },
  ],
  errnos: [],
  example: 'migrate vcpu0 cpu=1',
  operands: [{ name: 'vcpu', shapes: [{ kind: 'vcpu' }], doc: 'Which vCPU.' }],
  options: [{ name: 'cpu', doc: 'The pCPU to go to; it may be the same.', values: 'cpu', required: true }],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const actor = c.vcpuNamed(c.name(0) ?? '');
      const cpu = cpuOption(c);
      return {
        routine: world.routines.define(
          'migrate',
          'docs/language.md',
          [],
          (r) =>
            r.step('load the vCPU on the pCPU', (t) => {
              if (reload(world, t.machine, actor, cpu)) t.return(0);
              else t.block();
            }),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
