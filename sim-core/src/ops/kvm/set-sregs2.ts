import type { Op } from '../op.ts';
import { SET_SREGS_DOC, SREGS, VCPU_ERRNOS, VCPU_SOURCES } from './vcpu-ioctl.ts';

export const setSregs2: Op = {
  name: 'KVM_SET_SREGS2',
  kind: 'ioctl',
  summary: 'Writes the special registers of a vCPU.',
  doc: SET_SREGS_DOC,
  sources: VCPU_SOURCES,
  errnos: VCPU_ERRNOS,
  on: 'v5.14..',
  example: 'ioctl(vcpu0, KVM_SET_SREGS2)',
  operands: SREGS,
  files: ['vcpu'],
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.vcpus.setSregs }) },
};
