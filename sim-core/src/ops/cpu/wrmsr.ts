import { MSR_NUMBERS } from '../../kvm/msr.ts';
import { ZAP_REASONS } from '../../state/event.ts';
import type { Op } from '../op.ts';

export const wrmsr: Op = {
  name: 'wrmsr',
  kind: 'instruction',
  summary: 'Writes a model-specific register: MTRRs and PAT.',
  doc: `MTRR writes exit, and KVM keeps the value. From v4.2 to v6.10, while the VM has non-coherent DMA, they decided the memory type of leaves, and a write zapped the leaves of its range: all for IA32_MTRR_DEF_TYPE, and with MTRRs enabled the range of a variable or (with fixed ranges enabled) of a fixed register. Clearing a PHYSMASK zaps from the base to the end of memory. From v6.11 on MTRRs decide nothing.

\`IA32_PAT\` does not change what a page asks for in this model: \`pat x = WC\` says that directly. KVM keeps the value, and without EPT the first entry of it is the type of all memory.

A value with a reserved memory type or reserved bits is #GP: the write changes nothing, and the program continues like a guest that handles the exception.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 3, "Memory Type Range Registers (MTRRs)"' },
    { document: 'linux', place: 'arch/x86/kvm/mtrr.c kvm_mtrr_set_msr(), update_mtrr()' },
  ],
  errnos: [],
  example: 'wrmsr IA32_MTRR_DEF_TYPE, 0x806',
  operands: [
    {
      name: 'msr',
      shapes: [{ kind: 'system-register', names: [...MSR_NUMBERS.keys()] }],
      doc: 'The register.',
    },
    { name: 'value', shapes: [{ kind: 'immediate' }], doc: 'All 64 bits.' },
  ],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const { cpu } = world;
      const name = c.name(0) ?? c.problem(0, 'Expected the name of an MSR.');
      const value = c.number(1);
      const msr = MSR_NUMBERS.get(name) ?? c.problem(0, `${name} is not an MSR that the model has.`);
      return {
        routine: world.routines.define(
          'wrmsr',
          'Intel SDM volume 2, "WRMSR"',
          [],
          (r) =>
            r
              .step('exit; KVM keeps the value', (t) => {
                if (!cpu.enter(t)) return;
                cpu.exit(t, 'MSR_WRITE');
                const { msrs } = world.kvm;
                if (msrs.problem(msr, value) === undefined) return msrs.write(t.machine, cpu.vcpuOf(t), msr, value);
                cpu.generalProtection(t, msr);
                t.return(0);
              })
              .step('zap the leaves whose type it may have changed', (t) => {
                const { msrs, mmu } = world.kvm;
                const range = msrs.zaps(t.machine, cpu.vmOf(t), cpu.vcpuOf(t), msr);
                if (range !== undefined) t.call(mmu.zapGfnRange, cpu.vmOf(t), ZAP_REASONS.indexOf('mtrr'), range);
              })
              .local((t) => t.return(0)),
          'instruction',
        ),
        action: undefined,
      };
    },
  },
};
