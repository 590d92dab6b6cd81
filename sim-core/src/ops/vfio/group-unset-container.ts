import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioGroupUnsetContainer: Op = {
  name: 'VFIO_GROUP_UNSET_CONTAINER',
  kind: 'ioctl',
  summary: 'Takes a group out of its container.',
  doc: [
    'Nobody else may use the container through the group: an open device does, and up to v5.18 so does KVM while the group is registered with it. Since v5.19 KVM only holds the file of the group, so a registered group can leave its container and join another without KVM noticing.',
    'When the last group leaves, the container loses its IOMMU driver and all mappings.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/group.c vfio_group_ioctl_unset_container()' },
    { document: 'linux', place: 'drivers/vfio/container.c vfio_group_detach_container()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EINVAL', when: 'The group is in no container.' },
    { name: 'EBUSY', when: 'A device of the group is open, or (up to v5.18) KVM has the group listed.' },
    { name: 'ENOTTY', when: 'The descriptor is not a group.' },
  ],
  example: 'ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0',
  operands: [],
  files: ['group'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ group: world.vfio.groups.unsetContainer }),
  },
};
