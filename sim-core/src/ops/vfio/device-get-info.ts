import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioDeviceGetInfo: Op = {
  name: 'VFIO_DEVICE_GET_INFO',
  kind: 'ioctl',
  summary: 'Asks what kind of device it is.',
  doc: 'The flags say that it is a PCI device that can be reset. Left out: the numbers of regions and interrupts.',
  sources: [{ document: 'linux', place: 'drivers/vfio/pci/vfio_pci_core.c vfio_pci_ioctl_get_info()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'argsz is below 16, or the file is not bound to an iommufd yet.' },
    { name: 'ENOTTY', when: 'The descriptor is not a device.' },
  ],
  example: 'ioctl(gpufd, VFIO_DEVICE_GET_INFO, {argsz=24, flags=>info}) = 0',
  operands: [{ name: 'info', shapes: [{ kind: 'struct', struct: 'vfio_device_info' }], doc: 'Where the answer goes.' }],
  files: ['device'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ device: world.vfio.pci.getInfo }),
  },
};
