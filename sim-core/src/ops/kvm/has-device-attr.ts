import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const hasDeviceAttr: Op = {
  name: 'KVM_HAS_DEVICE_ATTR',
  kind: 'ioctl',
  summary: 'Asks whether a KVM device has an attribute.',
  doc: [
    'kvm-vfio has attributes 1 and 2 of group 1; `addr` is not looked at. SET_SPAPR_TCE (3) exists on POWER only, from v4.12 on.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_device_ioctl()' },
    { document: 'linux', place: 'virt/kvm/vfio.c' },
    { document: 'kernel doc', place: 'Documentation/virt/kvm/devices/vfio.rst' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'ENXIO', when: 'The device has no such attribute.' },
    { name: 'EFAULT', when: 'The struct cannot be read.' },
    { name: 'EINVAL', when: 'On /dev/kvm and vCPUs of kernels that have no such attributes.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'Any other descriptor.' },
  ],
  example: 'ioctl(dev, KVM_HAS_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD}) = 0',
  operands: [
    {
      name: 'attr',
      shapes: [{ kind: 'struct', struct: 'kvm_device_attr' }],
      doc: 'Group, attribute and a pointer to the value.',
    },
  ],
  files: ['kvm-vfio', 'vcpu', 'kvm'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({
      'kvm-vfio': world.kvm.devices.hasAttr,
      vcpu: world.kvm.vcpus.hasAttr,
      kvm: world.kvm.devices.kvmHasAttr,
    }),
  },
};
