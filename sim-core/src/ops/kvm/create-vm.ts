import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const createVm: Op = {
  name: 'KVM_CREATE_VM',
  kind: 'ioctl',
  summary: 'Creates a VM and returns its descriptor.',
  doc: [
    'The VM belongs to the process that creates it: ioctls from another process are EIO. It lives until its own descriptor and those of its vCPUs and devices are closed.',
    'Only machine type 0 is modelled.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_dev_ioctl_create_vm()' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_arch_init_vm()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EINVAL', when: 'The machine type is not 0.' },
    { name: 'ENOTTY', when: 'The descriptor is not /dev/kvm.' },
  ],
  example: 'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
  operands: [{ name: 'type', shapes: [{ kind: 'int' }], doc: '0.' }],
  files: ['kvm'],
  result: 'fd',
  code: { kind: 'ioctl', routines: (world) => ({ kvm: world.kvm.vms.createVm }) },
};
