import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioIommuGetInfo: Op = {
  name: 'VFIO_IOMMU_GET_INFO',
  kind: 'ioctl',
  summary: 'Asks a container for the page sizes of its IOMMU.',
  doc: [
    'Left out: everything but the flags. The page sizes reported are the ones of the model, 4 KiB; a real IOMMU reports larger ones too. The capability chain (v5.4 and later) is announced by its flag only.',
    'On a VFIO device the same number is VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, which is not modelled.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_get_info()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'The container has no driver, or argsz is below 16.' },
    { name: 'ENODEV', when: 'The iommufd has no compatibility IOAS.', on: 'v6.2..' },
    { name: 'ENOTTY', when: 'The descriptor is not a container.' },
  ],
  example: 'ioctl(container, VFIO_IOMMU_GET_INFO, {argsz=24, flags=>info}) = 0',
  operands: [
    { name: 'info', shapes: [{ kind: 'struct', struct: 'vfio_iommu_type1_info' }], doc: 'Where the answer goes.' },
  ],
  files: ['container', 'iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({
      container: world.vfio.driverCalls.getInfo,
      iommufd: world.vfio.iommufdFiles.getInfo,
      device: world.vfio.pci.hotResetInfo,
    }),
  },
};
