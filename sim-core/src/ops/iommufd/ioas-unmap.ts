import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const iommuIoasUnmap: Op = {
  name: 'IOMMU_IOAS_UNMAP',
  kind: 'ioctl',
  summary: 'Unmaps a range of an I/O address space; `length` returns the bytes unmapped.',
  doc: 'The range must not cut a mapping, and something must be mapped in it; mappings before one that it would cut are gone all the same. IOVA 0 with all bits of the length set is everything, which may be nothing.',
  sources: [
    { document: 'linux', place: 'drivers/iommu/iommufd/ioas.c iommufd_ioas_unmap()' },
    { document: 'linux', place: 'drivers/iommu/iommufd/io_pagetable.c iopt_unmap_iova()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'size below 24, or length 0.' },
    { name: 'ENOENT', when: 'There is no such address space, nothing is mapped in the range, or it cuts a mapping.' },
    { name: 'EOVERFLOW', when: 'The range wraps.' },
    { name: 'ENOTTY', when: 'The descriptor is not an iommufd.' },
  ],
  on: 'v6.2..',
  example: 'ioctl(iommufd, IOMMU_IOAS_UNMAP, {ioas_id=ioas, iova=&x, length=PAGE}) = 0',
  operands: [{ name: 'unmap', shapes: [{ kind: 'struct', struct: 'iommu_ioas_unmap' }], doc: 'The range.' }],
  files: ['iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ iommufd: world.vfio.iommufdFiles.ioasUnmap }),
  },
};
