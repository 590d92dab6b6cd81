import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const deassignPciDevice: Op = {
  name: 'KVM_DEASSIGN_PCI_DEVICE',
  kind: 'ioctl',
  summary: 'Deassigns a PCI function from a VM (up to v4.11).',
  doc: [
    'The function leaves the domain. Coherency is not asked again: a VM whose only non-coherent device went away is still treated as non-coherent.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'virt/kvm/assigned-dev.c kvm_vm_ioctl_deassign_device()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'The VM has no device with this id.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a VM; from v4.12 on always.' },
  ],
  on: '..v4.11',
  example: 'ioctl(vm, KVM_DEASSIGN_PCI_DEVICE, {assigned_dev_id=1}) = 0',
  operands: [
    {
      name: 'device',
      shapes: [{ kind: 'struct', struct: 'kvm_assigned_pci_dev' }],
      doc: 'The function, and the id that the VMM gives it.',
    },
  ],
  files: ['vm'],
  code: {
    kind: 'ioctl',
    routines: (world) => (world.kernel.has('legacy-assignment') ? { vm: world.kvm.assignment.deassign } : {}),
  },
};
