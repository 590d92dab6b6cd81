import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const getDeviceAttr: Op = {
  name: 'KVM_GET_DEVICE_ATTR',
  kind: 'ioctl',
  summary: 'Reads an attribute of a KVM device; kvm-vfio has none to read.',
  doc: [
    'kvm-vfio does not implement it: the answer is EPERM, even before the struct is read. /dev/kvm (v5.17) and vCPUs (v5.16) have attributes of their own.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_device_ioctl()' },
    { document: 'linux', place: 'virt/kvm/vfio.c' },
    { document: 'kernel doc', place: 'Documentation/virt/kvm/devices/vfio.rst' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EPERM', when: 'The descriptor is a kvm-vfio device.' },
    { name: 'EFAULT', when: 'On /dev/kvm and vCPUs: the struct or `addr` cannot be accessed.' },
    { name: 'ENXIO', when: 'On /dev/kvm and vCPUs: no such attribute.' },
    { name: 'EINVAL', when: 'On /dev/kvm and vCPUs of kernels that have no such attributes.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'Any other descriptor.' },
  ],
  example:
    'ioctl(dev, KVM_GET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[0]}) = -EPERM',
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
      'kvm-vfio': world.kvm.devices.getAttr,
      vcpu: world.kvm.vcpus.getAttr,
      kvm: world.kvm.devices.kvmGetAttr,
    }),
  },
};
