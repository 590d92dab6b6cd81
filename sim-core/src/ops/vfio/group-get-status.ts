import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioGroupGetStatus: Op = {
  name: 'VFIO_GROUP_GET_STATUS',
  kind: 'ioctl',
  summary: 'Asks whether a group is viable, and whether it is in a container.',
  doc: 'Up to v5.18 a group is viable when each of its devices has no driver, a VFIO driver, or a harmless one (pci-stub, pcieport). Since v5.19 it is viable when its DMA has no owner, or when the group itself does because it is in a container.',
  sources: [{ document: 'linux', place: 'drivers/vfio/group.c vfio_group_ioctl_get_status()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'argsz is below 8.' },
    { name: 'ENODEV', when: 'No device of the group is bound to VFIO any more.', on: 'v6.1..' },
    { name: 'ENOTTY', when: 'The descriptor is not a group.' },
  ],
  example: 'ioctl(group, VFIO_GROUP_GET_STATUS, {argsz=8, flags=>status}) = 0',
  operands: [{ name: 'status', shapes: [{ kind: 'struct', struct: 'vfio_group_status' }], doc: 'Where the flags go.' }],
  files: ['group'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ group: world.vfio.getStatus }),
  },
};
