import { VARIABLE_RANGES } from '../../kvm/mtrr.ts';
import type { PageId } from '../../state/ids.ts';
import type { Op } from '../op.ts';

const RANGES = Array.from({ length: VARIABLE_RANGES }, (_, i) => [
  `IA32_MTRR_PHYSBASE${i}`,
  `IA32_MTRR_PHYSMASK${i}`,
]).flat();
const DEF_TYPE = 'IA32_MTRR_DEF_TYPE';
const PAT = 'IA32_PAT';
const FIXED = ['IA32_MTRR_FIX64K_00000', 'IA32_MTRR_FIX16K_80000', 'IA32_MTRR_FIX16K_A0000'];

export const wrmsr: Op = {
  name: 'wrmsr',
  kind: 'instruction',
  summary: 'Writes a model-specific register: MTRRs and PAT.',
  doc: `MTRR writes exit, and KVM keeps the value. From v4.2 to v6.10, while the VM has non-coherent DMA, they decided the memory type of leaves, and a write zapped the leaves of its range; from v6.11 they decide nothing. Before v4.2 the leaves that were there kept their type.

\`IA32_PAT\` does not change what a page asks for in this model: \`pat x = WC\` says that directly. The write exits and is kept by nobody.

Fixed ranges lie below the scenario's pages: the write exits and zaps nothing that a scenario has.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 3, "Memory Type Range Registers (MTRRs)"' },
    { document: 'linux', place: 'arch/x86/kvm/mtrr.c kvm_mtrr_set_msr(), update_mtrr()' },
  ],
  errnos: [],
  example: 'wrmsr IA32_MTRR_DEF_TYPE, 0x806',
  operands: [
    {
      name: 'msr',
      shapes: [{ kind: 'system-register', names: [DEF_TYPE, PAT, ...RANGES, ...FIXED] }],
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
      if (![DEF_TYPE, PAT, ...RANGES, ...FIXED].includes(name)) c.problem(0, `${name} is no MSR that the model has.`);
      const range = /^IA32_MTRR_PHYS(BASE|MASK)(\d)$/.exec(name);
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
                const { mmu } = world.kvm;
                const vcpu = cpu.vcpuOf(t);
                if (range)
                  mmu.mtrr.writeRange(t.machine, vcpu, Number(range[2]), range[1] === 'BASE' ? 'base' : 'mask', value);
                else if (name === DEF_TYPE) mmu.mtrr.writeDefType(t.machine, vcpu, value);
              })
              .step('zap the leaves whose type it may have changed', (t) => {
                const { mmu } = world.kvm;
                const vm = cpu.vmOf(t);
                const vcpu = cpu.vcpuOf(t);
                if (name !== PAT && mmu.zapsForMtrr(t.machine, vm)) {
                  for (let page = 0 as PageId; page < world.topology.pages.length; page++) {
                    const touched =
                      name === DEF_TYPE ||
                      (range &&
                        mmu.mtrr.enabled(t.machine, vcpu) &&
                        mmu.mtrr.inRange(t.machine, vcpu, Number(range[2]), page));
                    if (touched) mmu.zapPage(t.machine, vm, page, 'mtrr');
                  }
                }
                t.return(0);
              }),
          'instruction',
        ),
        action: undefined,
      };
    },
  },
};
