import type { Op } from '../op.ts';

export const setDeviceAttr: Op = {
  name: 'KVM_SET_DEVICE_ATTR',
  kind: 'ioctl',
  summary: 'Sets an attribute of a KVM device: for kvm-vfio, adds or removes a VFIO group or file.',
  doc: [
    'Order of checks on a kvm-vfio device: the struct can be read (EFAULT); group and attribute exist (ENXIO), before `addr` is looked at; the 32-bit descriptor at `addr` can be read (EFAULT); it is open (EBADF); then what ADD or DEL checks. The attribute is compared as 64 bits, `flags` is ignored.',
    'vCPUs answer this request too (from v5.16 on, for their TSC attributes).',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_device_ioctl()' },
    { document: 'linux', place: 'virt/kvm/vfio.c' },
    { document: 'kernel doc', place: 'Documentation/virt/kvm/devices/vfio.rst' },
  ],
  errnos: [
    {
      name: 'EBADF',
      when: 'The device descriptor, or the descriptor at `addr`, is not open or was opened with O_PATH.',
    },
    { name: 'EFAULT', when: 'The struct or `addr` cannot be read.' },
    { name: 'ENXIO', when: 'The group or the attribute does not exist.' },
    {
      name: 'EINVAL',
      when: 'ADD: not a VFIO group (from v6.6 on: nor a VFIO device); up to v5.18 also a group without container, IOMMU driver or viability. DEL up to v4.12: the same.',
    },
    { name: 'EEXIST', when: 'ADD: the group (from v5.19 on: the open file) is already listed.' },
    { name: 'ENOENT', when: 'DEL: it is not listed.' },
    { name: 'EPERM', when: 'ADD of a no-IOMMU group.', on: 'v4.9..v5.18' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a KVM device.' },
  ],
  example: 'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0',
  operands: [
    {
      name: 'attr',
      shapes: [{ kind: 'struct', struct: 'kvm_device_attr' }],
      doc: 'Group, attribute and a pointer to the value.',
    },
  ],
  files: ['kvm-vfio', 'vcpu'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ 'kvm-vfio': world.kvm.devices.setAttr, vcpu: world.kvm.vcpus.setAttr }),
  },
};
