import type { Op } from '../op.ts';
import { VCPU_ERRNOS, VCPU_SOURCES } from './vcpu-ioctl.ts';

export const kvmRun: Op = {
  name: 'KVM_RUN',
  kind: 'ioctl',
  summary: 'Runs a vCPU.',
  doc: [
    'The program of a vCPU is a block of its own, `vcpu N { … }`, and moves by itself from the moment the vCPU exists. So this call is only what it does to the dirty mask: it loads the vCPU on the CPU of the calling thread.',
    'Signals are not modelled, so a declared -EINTR is taken as the kernel’s answer.',
  ].join('\n\n'),
  sources: VCPU_SOURCES,
  errnos: VCPU_ERRNOS,
  example: 'ioctl(vcpu0, KVM_RUN)',
  operands: [],
  files: ['vcpu'],
  answer: 0,
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.vcpus.run }) },
};
