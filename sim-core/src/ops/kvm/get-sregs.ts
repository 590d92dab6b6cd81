import type { Op } from '../op.ts';
import { GET_SREGS_DOC, SREGS, VCPU_ERRNOS, VCPU_SOURCES } from './vcpu-ioctl.ts';

export const getSregs: Op = {
  name: 'KVM_GET_SREGS',
  kind: 'ioctl',
  summary: 'Reads the special registers of a vCPU.',
  doc: GET_SREGS_DOC,
  sources: VCPU_SOURCES,
  errnos: VCPU_ERRNOS,
  example: 'ioctl(vcpu0, KVM_GET_SREGS)',
  operands: SREGS,
  files: ['vcpu'],
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.vcpus.getSregs }) },
};
