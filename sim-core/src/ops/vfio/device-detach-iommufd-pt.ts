import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioDeviceDetachIommufdPt: Op = {
  name: 'VFIO_DEVICE_DETACH_IOMMUFD_PT',
  kind: 'ioctl',
  summary: 'Detaches a device from its page table; its DMA is blocked.',
  doc: 'A device that is not attached is a success. A page table that attaching made goes with its last device.',
  sources: [{ document: 'linux', place: 'drivers/vfio/device_cdev.c vfio_df_ioctl_detach_pt()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'The device is not bound, argsz below 8, or flags.' },
    { name: 'ENOTTY', when: 'The descriptor is not a device, or it came from a group.' },
  ],
  on: 'v6.6..',
  example: 'ioctl(gpufd, VFIO_DEVICE_DETACH_IOMMUFD_PT, {argsz=8, flags=0}) = 0',
  operands: [
    {
      name: 'detach',
      shapes: [{ kind: 'struct', struct: 'vfio_device_detach_iommufd_pt' }],
      doc: 'Nothing but its size.',
    },
  ],
  files: ['device'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ device: world.vfio.cdev.detach }),
  },
};
