import type { Op } from '../op.ts';
import { LOADS_VCPU, MSR_ERRNOS, MSR_SOURCES, MSRS } from './vcpu-ioctl.ts';

export const setMsrs: Op = {
  name: 'KVM_SET_MSRS',
  kind: 'ioctl',
  summary: 'Writes MSRs of a vCPU.',
  doc: [
    'A VMM without firmware writes the MTRRs so. Each entry counts like a write of the guest: it zaps the same leaves. An entry with a value that the register does not take ends the list, and the result is the number of entries done.',
    'MTRRs and IA32_PAT are modelled; other MSRs take any value and keep none. A bare address, as strace prints it, stands for unknown MSRs: nothing changes, and the declared result is taken.',
    LOADS_VCPU,
  ].join('\n\n'),
  sources: MSR_SOURCES,
  errnos: MSR_ERRNOS,
  example: 'ioctl(vcpu0, KVM_SET_MSRS, {nmsrs=1, entries=[{index=IA32_MTRR_DEF_TYPE, data=0xc06}]}) = 1',
  operands: MSRS,
  files: ['vcpu'],
  result: 'value',
  answer: 1,
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.msrs.setMsrs }) },
};
