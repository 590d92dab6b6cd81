import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const checkExtension: Op = {
  name: 'KVM_CHECK_EXTENSION',
  kind: 'ioctl',
  summary: 'Asks whether KVM has a capability.',
  doc: [
    'Modelled: KVM_CAP_DEVICE_CTRL, KVM_CAP_VM_ATTRIBUTES, KVM_CAP_DISABLE_QUIRKS and KVM_CAP_DISABLE_QUIRKS2. What a real kernel answers to others depends on the machine: a declared result is taken as its answer; without one it is 1 on x86 where every x86 kernel answers that, else 0. All 64 bits of the number count.',
    'Up to v6.4 KVM_CAP_DEVICE_CTRL is 0 on x86 although devices can be created.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_vm_ioctl_check_extension_generic()' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_vm_ioctl_check_extension()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is neither /dev/kvm nor a VM.' },
  ],
  example: 'ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_DEVICE_CTRL)',
  operands: [{ name: 'capability', shapes: [{ kind: 'int', constants: 'kvm-cap' }], doc: 'The capability.' }],
  files: ['kvm', 'vm'],
  result: 'value',
  answer: 'usual',
  code: {
    kind: 'ioctl',
    routines: (world) => ({ kvm: world.kvm.vms.checkExtension, vm: world.kvm.vms.checkExtension }),
  },
};
