import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const setUserMemoryRegion: Op = {
  name: 'KVM_SET_USER_MEMORY_REGION',
  kind: 'ioctl',
  summary: 'Backs a range of guest-physical addresses with user memory.',
  doc: [
    'The pages of the scenario are backed from the start, so this call only checks its argument. Slots, overlaps and their errnos are left out.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'virt/kvm/kvm_main.c kvm_set_memory_region()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'An address or the size is not page aligned.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a VM.' },
  ],
  example:
    'ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=0, guest_phys_addr=&x, memory_size=PAGE, userspace_addr=&x}) = 0',
  operands: [{ name: 'region', shapes: [{ kind: 'struct', struct: 'kvm_userspace_memory_region' }], doc: 'The slot.' }],
  files: ['vm'],
  code: { kind: 'ioctl', routines: (world) => ({ vm: world.kvm.vms.setUserMemoryRegion }) },
};
