import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const getSregs: Op = {
  name: 'KVM_GET_SREGS',
  kind: 'ioctl',
  summary: 'Reads the special registers of a vCPU.',
  doc: [
    '`cr0` is modelled as far as CD goes, other registers are not.',
    'Like every vCPU ioctl it loads the vCPU on the CPU of the calling thread and puts it again: with non-coherent DMA registered, that CPU is then in the WBINVD dirty mask.',
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
  example: 'ioctl(vcpu0, KVM_GET_SREGS)',
  operands: [
    {
      name: 'sregs',
      shapes: [{ kind: 'struct', struct: 'kvm_sregs' }, { kind: 'address' }],
      doc: 'The registers.',
      optional: true,
    },
  ],
  files: ['vcpu'],
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.vcpus.getSregs }) },
};
