import type { Op } from '../op.ts';
import { LOADS_VCPU, MSR_ERRNOS, MSR_SOURCES, MSRS } from './vcpu-ioctl.ts';

export const getMsrs: Op = {
  name: 'KVM_GET_MSRS',
  kind: 'ioctl',
  summary: 'Reads MSRs of a vCPU; of /dev/kvm, those that describe features.',
  doc: [
    'A name that `data` binds gets the low 32 bits. MTRRs and IA32_PAT are modelled; other MSRs read as 0. On /dev/kvm, and of a bare address, nothing is written and the declared result is taken.',
    LOADS_VCPU,
  ].join('\n\n'),
  sources: MSR_SOURCES,
  errnos: MSR_ERRNOS,
  example: 'ioctl(vcpu0, KVM_GET_MSRS, {nmsrs=1, entries=[{index=IA32_MTRR_DEF_TYPE, data=>type}]}) = 1',
  operands: MSRS,
  files: ['vcpu', 'kvm'],
  result: 'value',
  answer: 1,
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.msrs.getMsrs, kvm: world.files.inert.answer }) },
};
