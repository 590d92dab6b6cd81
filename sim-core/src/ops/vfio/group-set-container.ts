import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioGroupSetContainer: Op = {
  name: 'VFIO_GROUP_SET_CONTAINER',
  kind: 'ioctl',
  summary: 'Puts a group into a container, or since v6.2 into an iommufd.',
  doc: [
    'If the container has a driver, the group is attached to it at once; that can add a domain of another kind, which changes what VFIO_DMA_CC_IOMMU answers.',
    'Since v5.19 it claims the DMA of the whole group: a host driver that is bound to one of its devices makes it fail. Up to v5.18 a group that is not viable can be put into a container, and only using it fails.',
    'KVM is not told. A group that was registered with KVM before keeps the coherency it had then (v5.19 to v6.1), until the next ADD or DEL.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/group.c vfio_group_ioctl_set_container()' },
    { document: 'linux', place: 'drivers/vfio/container.c vfio_container_attach_group()' },
    { document: 'linux', place: 'drivers/iommu/iommu.c iommu_group_claim_dma_owner()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EBADF', when: 'The descriptor in the argument is not open.' },
    {
      name: 'EINVAL',
      when: 'The group is already in a container; the file is not a container (up to v6.1); the number is negative (up to v6.0); the firmware maps a device of the group directly (v6.6 and later, `rmrr=on`); the iommufd serves groups of the other kind, with or without an IOMMU.',
    },
    {
      name: 'EPERM',
      when: 'Something else owns the DMA of the group, such as a bound host driver.',
      on: 'v5.19..',
    },
    { name: 'EPERM', when: 'The container holds groups of the other kind (with and without an IOMMU).', on: 'v4.5..' },
    { name: 'EBUSY', when: 'Addresses of mappings in the container are invalid at the moment.', on: 'v6.2..' },
    { name: 'EBADFD', when: 'The file is neither a container nor an iommufd.', on: 'v6.2..' },
    { name: 'ENODEV', when: 'No device of the group is bound to VFIO any more.', on: 'v6.1..' },
    { name: 'ENOTTY', when: 'The descriptor is not a group.' },
  ],
  example: 'ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
  operands: [
    {
      name: 'container',
      shapes: [{ kind: 'pointer', to: { kind: 'fd', of: ['container', 'iommufd'] } }],
      doc: 'The container.',
    },
  ],
  files: ['group'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ group: world.vfio.groups.setContainer }),
  },
};
