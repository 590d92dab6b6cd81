import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const setSregs: Op = {
  name: 'KVM_SET_SREGS',
  kind: 'ioctl',
  summary: 'Writes the special registers of a vCPU.',
  doc: [
    '`cr0` is modelled as far as CD goes, other registers are not. CR0.CD that the VMM sets or clears takes effect for leaves that are made later: unlike a write of the guest it zaps nothing.',
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
  example: 'ioctl(vcpu0, KVM_SET_SREGS)',
  operands: [
    {
      name: 'sregs',
      shapes: [{ kind: 'struct', struct: 'kvm_sregs' }, { kind: 'address' }],
      doc: 'The registers.',
      optional: true,
    },
  ],
  files: ['vcpu'],
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.vcpus.setSregs }) },
};
