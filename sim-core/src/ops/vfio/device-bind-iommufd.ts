import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioDeviceBindIommufd: Op = {
  name: 'VFIO_DEVICE_BIND_IOMMUFD',
  kind: 'ioctl',
  summary:
    'Binds a device that was opened as /dev/vfio/devices/vfioN to an iommufd; before, nothing else can be done with it.',
  doc: [
    'Checked in order: the argument, that the file was opened as a character device, that the group is not open, that this file is not bound, the iommufd, that no other file of the device is bound, that the DMA of the group can be claimed.',
    'The VM that KVM told this file about is referenced from here to the last close. A BIND that fails because another file of the device is bound overwrites and then drops that reference: the VM of the first file is never destroyed, or is destroyed too early (model finding, seen in recordings of v6.12 and v7.2).',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/device_cdev.c vfio_df_ioctl_bind_iommufd()' },
    { document: 'linux', place: 'drivers/iommu/iommufd/device.c iommufd_device_bind()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    {
      name: 'EFAULT',
      when: 'The argument cannot be read, or its flags announce a token (v6.17 and later) that is not there.',
    },
    {
      name: 'EINVAL',
      when: 'argsz below 16, unknown flags, a negative descriptor; the file came from a group; this or another file of the device is bound.',
    },
    { name: 'EBUSY', when: 'The group is open.' },
    { name: 'EBADF', when: 'The descriptor in the argument is not open.' },
    { name: 'EBADFD', when: 'It is not an iommufd.' },
    {
      name: 'EPERM',
      when: 'A host driver or another user owns the DMA of the group, or the IOMMU cannot remap interrupts.',
    },
    { name: 'ENOTTY', when: 'The descriptor is not a device.' },
  ],
  on: 'v6.6..',
  example: 'ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=0, iommufd=iommufd, out_devid=>devid}) = 0',
  operands: [{ name: 'bind', shapes: [{ kind: 'struct', struct: 'vfio_device_bind_iommufd' }], doc: 'The iommufd.' }],
  files: ['device'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ device: world.vfio.cdev.bind }),
  },
};
