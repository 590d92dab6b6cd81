import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const assignPciDevice: Op = {
  name: 'KVM_ASSIGN_PCI_DEVICE',
  kind: 'ioctl',
  summary: 'Assigns a PCI function to a VM, the old way (up to v4.11).',
  doc: [
    'KVM attaches the function to an IOMMU domain of the VM that maps all guest memory. Whether DMA counts as coherent is decided here: the domain is asked after the function is attached, and when the answer changes, everything is mapped again.',
    'v3.12 keeps a flag that can only be set; from v3.13 on a domain that is not coherent registers non-coherent DMA.',
    'Left out: interrupts (KVM_ASSIGN_DEV_IRQ and others), permissions.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/assigned-dev.c kvm_vm_ioctl_assign_device()' },
    { document: 'linux', place: 'virt/kvm/iommu.c kvm_assign_device()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'KVM_DEV_ASSIGN_ENABLE_IOMMU is missing, or there is no such function.' },
    { name: 'EEXIST', when: 'The VM has a device with this id.' },
    { name: 'EBUSY', when: 'A host driver, another VM or VFIO uses the function.' },
    { name: 'ENODEV', when: 'No IOMMU translates for the function.' },
    { name: 'EPERM', when: 'The IOMMU cannot remap interrupts.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a VM; from v4.12 on always.' },
  ],
  on: '..v4.11',
  example:
    'ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=1, segnr=0, busnr=1, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU}) = 0',
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
    routines: (world) => (world.kernel.has('legacy-assignment') ? { vm: world.kvm.assignment.assign } : {}),
  },
};
