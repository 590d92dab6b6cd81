import type { Op } from '../op.ts';
import { LOADS_VCPU, REGS, VCPU_ERRNOS, VCPU_SOURCES } from './vcpu-ioctl.ts';

export const setRegs: Op = {
  name: 'KVM_SET_REGS',
  kind: 'ioctl',
  summary: 'Writes the general registers of a vCPU.',
  doc: `No register is modelled. ${LOADS_VCPU}`,
  sources: VCPU_SOURCES,
  errnos: VCPU_ERRNOS,
  example: 'ioctl(vcpu0, KVM_SET_REGS)',
  operands: REGS,
  files: ['vcpu'],
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.vcpus.load }) },
};
