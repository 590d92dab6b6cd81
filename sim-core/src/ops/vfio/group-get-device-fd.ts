import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioGroupGetDeviceFd: Op = {
  name: 'VFIO_GROUP_GET_DEVICE_FD',
  kind: 'ioctl',
  summary: 'Opens a device of a group by its name.',
  doc: [
    'The group must be in a container with an IOMMU driver, and (up to v5.18) viable. With an iommufd the DMA of the device is claimed here, and it is attached to the compatibility IOAS.',
    'Since v6.3 the first open of a device takes a reference to the VM that KVM told the group about, until the last close: so ADD should come before it.',
    'The descriptor keeps the group in its container.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/group.c vfio_group_ioctl_get_device_fd()' },
    { document: 'linux', place: 'drivers/vfio/group.c vfio_df_group_open()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The name cannot be read; with an iommufd, also: a mapping has no user memory.' },
    { name: 'ENODEV', when: 'The group has no device of that name that is bound to VFIO.' },
    {
      name: 'EINVAL',
      when: 'The group is in no container, the container has no driver, or (up to v5.18) the group is not viable. Up to v5.18 this comes before the name is looked up.',
    },
    {
      name: 'EPERM',
      when: 'With an iommufd: another user owns the DMA of the group, or the IOMMU cannot remap interrupts.',
      on: 'v6.2..',
    },
    {
      name: 'EADDRINUSE',
      when: 'With an iommufd: a mapping is in a range that is reserved for the device, beyond what its IOMMU translates, or not page aligned.',
      on: 'v6.2..',
    },
    {
      name: 'ESRCH',
      when: 'A mediated device whose driver needs a VM (option kvm=reference), and the group knows none.',
    },
    { name: 'ENOTTY', when: 'The descriptor is not a group.' },
  ],
  example: 'gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
  operands: [
    {
      name: 'name',
      shapes: [{ kind: 'string', of: 'bdf' }],
      doc: 'The PCI address, or the name of a mediated device.',
    },
  ],
  files: ['group'],
  result: 'fd',
  code: {
    kind: 'ioctl',
    routines: (world) => ({ group: world.vfio.devices.getDeviceFd }),
  },
};
