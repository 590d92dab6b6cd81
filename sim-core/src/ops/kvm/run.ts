import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const run: Op = {
  name: 'KVM_RUN',
  kind: 'ioctl',
  summary: 'Runs a vCPU.',
  doc: [
    'The program of a vCPU is a block of its own, `vcpu N { … }`, and moves by itself from the moment the vCPU exists. So this call is only what it does to the dirty mask: it loads the vCPU on the CPU of the calling thread.',
    'Signals are not modelled, so a declared -EINTR is taken as the kernel’s answer.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_vcpu_ioctl()' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_arch_vcpu_load()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a vCPU.' },
    { name: 'EINVAL', when: 'The descriptor is /dev/kvm.' },
  ],
  example: 'ioctl(vcpu0, KVM_RUN)',
  operands: [],
  files: ['vcpu'],
  answer: 0,
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.vcpus.load }) },
};
