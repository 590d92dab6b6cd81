import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const enableCap: Op = {
  name: 'KVM_ENABLE_CAP',
  kind: 'ioctl',
  summary: 'Enables a capability of a VM; here: disables quirks.',
  doc: [
    'KVM_CAP_DISABLE_QUIRKS takes a set of quirks and ignores bits it does not know; KVM_CAP_DISABLE_QUIRKS2 (v5.18) refuses them. Other capabilities that a kernel may let user space enable switch on nothing that is modelled: they answer what the line declares, else 0. The rest is EINVAL: numbers without a name, and capabilities that every x86 kernel just has.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'arch/x86/kvm/x86.c kvm_vm_ioctl_enable_cap()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    {
      name: 'EINVAL',
      when: '`flags` is not 0, the capability is not modelled, or a quirk is not known to KVM_CAP_DISABLE_QUIRKS2.',
    },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a VM; or the kernel is older than v4.2.' },
  ],
  example: 'ioctl(vm, KVM_ENABLE_CAP, {cap=KVM_CAP_DISABLE_QUIRKS, args=KVM_X86_QUIRK_CD_NW_CLEARED}) = 0',
  operands: [
    { name: 'cap', shapes: [{ kind: 'struct', struct: 'kvm_enable_cap' }], doc: 'The capability and its arguments.' },
  ],
  files: ['vm'],
  answer: 0,
  code: { kind: 'ioctl', routines: (world) => ({ vm: world.kvm.vms.enableCap }) },
};
