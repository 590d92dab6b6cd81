import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const setUserMemoryRegion2: Op = {
  name: 'KVM_SET_USER_MEMORY_REGION2',
  kind: 'ioctl',
  summary: 'Backs a range of guest-physical addresses with user memory; can take a guest_memfd too.',
  doc: [
    'As KVM_SET_USER_MEMORY_REGION. The flag KVM_MEM_GUEST_MEMFD is for VMs with private memory, which are not modelled: EINVAL.',
    'A size of 0 deletes the slot, another guest address moves it, other flags change it; size, user address and KVM_MEM_READONLY of a slot never change. Deleting and moving zap leaves: all of the VM, or from v6.12 on, with KVM_X86_QUIRK_SLOT_ZAP_ALL switched off, those of the slot. Writes of the guest to a read-only slot leave it and change nothing.',
    'A VM without slots has every page of the scenario at its own address. The first slot ends that: an address that no slot has is MMIO to user space, which reads as 0. Slot numbers from 0x10000 on are those of system management mode and back no ordinary access. A user address at which the scenario has no memory stands for the page at the guest address.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_set_memory_region()' },
    { document: 'linux', place: 'arch/x86/kvm/mmu/mmu.c kvm_arch_flush_shadow_memslot()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    {
      name: 'EINVAL',
      when: 'An address or the size is not page aligned, or too large; unknown flags; a slot number that is too large; deleting a slot that is not there; changing the size, the user address or KVM_MEM_READONLY of one that is.',
    },
    { name: 'EEXIST', when: 'The guest addresses overlap another slot.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a VM; or the kernel is older than v6.8.' },
  ],
  example:
    'ioctl(vm, KVM_SET_USER_MEMORY_REGION2, {slot=0, guest_phys_addr=&x, memory_size=PAGE, userspace_addr=&x}) = 0',
  operands: [
    { name: 'region', shapes: [{ kind: 'struct', struct: 'kvm_userspace_memory_region2' }], doc: 'The slot.' },
  ],
  files: ['vm'],
  on: 'v6.8..',
  code: { kind: 'ioctl', routines: ({ kvm }) => (kvm.mmu.slots.setRegion2 ? { vm: kvm.mmu.slots.setRegion2 } : {}) },
};
