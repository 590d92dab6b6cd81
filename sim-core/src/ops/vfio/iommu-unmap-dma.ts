import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioIommuUnmapDma: Op = {
  name: 'VFIO_IOMMU_UNMAP_DMA',
  kind: 'ioctl',
  summary: 'Unmaps a range of the IOVA space of a container; `size` returns the bytes unmapped.',
  doc: 'VFIO_TYPE1v2_IOMMU refuses a range that begins or ends inside a mapping. VFIO_TYPE1_IOMMU unmaps whole mappings, and nothing when the range begins inside one; up to v3.14 it cuts out exactly the range. Nothing to unmap is a success with 0 bytes, but ENOENT of an iommufd.',
  sources: [
    { document: 'linux', place: 'drivers/vfio/vfio_iommu_type1.c vfio_dma_do_unmap()' },
    { document: 'linux', place: 'drivers/iommu/iommufd/vfio_compat.c iommufd_vfio_unmap_dma()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    {
      name: 'EINVAL',
      when: 'The container has no driver; argsz below 24, unknown flags, size 0, not page aligned; the range cuts a mapping (VFIO_TYPE1v2_IOMMU); VFIO_DMA_UNMAP_FLAG_ALL with a range.',
    },
    { name: 'EOVERFLOW', when: 'The range wraps.', on: 'v6.18..' },
    { name: 'EBUSY', when: 'VFIO_DMA_UNMAP_FLAG_VADDR in a container with mediated devices.', on: 'v6.2..' },
    { name: 'ENOENT', when: 'An iommufd, and the range is not mapped.', on: 'v6.2..' },
    { name: 'ENODEV', when: 'The iommufd has no compatibility IOAS.', on: 'v6.2..' },
    { name: 'ENOTTY', when: 'The descriptor is not a container.' },
  ],
  example: 'ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=&x, size=PAGE}) = 0',
  operands: [{ name: 'unmap', shapes: [{ kind: 'struct', struct: 'vfio_iommu_type1_dma_unmap' }], doc: 'The range.' }],
  files: ['container', 'iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ container: world.vfio.driverCalls.unmapDma, iommufd: world.vfio.iommufdFiles.unmapDma }),
  },
};
