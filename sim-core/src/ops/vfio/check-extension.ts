import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioCheckExtension: Op = {
  name: 'VFIO_CHECK_EXTENSION',
  kind: 'ioctl',
  summary: 'Asks what a container can do; VFIO_DMA_CC_IOMMU asks whether all its DMA is coherent.',
  doc: [
    'A container without a driver asks every IOMMU driver that it could get, without an instance: so `VFIO_DMA_CC_IOMMU` is 0 there, also on a machine where everything is coherent. With a driver only that one answers.',
    '`VFIO_DMA_CC_IOMMU` (v3.15 and later) is 1 when every domain of the container makes DMA coherent; without any domain, as with mediated devices only, that is vacuously true. KVM asks the same question for listed groups up to v6.1.',
    'An iommufd without a compatibility IOAS answers ENODEV to `VFIO_DMA_CC_IOMMU`.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/container.c vfio_container_ioctl_check_extension()' },
    { document: 'linux', place: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_check_extension()' },
    { document: 'linux', place: 'drivers/iommu/iommufd/vfio_compat.c iommufd_vfio_check_extension()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'ENODEV', when: 'VFIO_DMA_CC_IOMMU of an iommufd that no group has joined.', on: 'v6.2..' },
    { name: 'ENOTTY', when: 'The descriptor is neither a container nor an iommufd.' },
  ],
  example: 'ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU) = 1',
  operands: [{ name: 'extension', shapes: [{ kind: 'int', constants: 'vfio-iommu' }], doc: 'The extension.' }],
  files: ['container', 'iommufd'],
  result: 'value',
  code: {
    kind: 'ioctl',
    routines: (world) => ({
      container: world.vfio.containers.checkExtension,
      iommufd: world.vfio.iommufdFiles.checkExtension,
    }),
  },
};
