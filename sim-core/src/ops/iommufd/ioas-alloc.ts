import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const iommuIoasAlloc: Op = {
  name: 'IOMMU_IOAS_ALLOC',
  kind: 'ioctl',
  summary: 'Allocates an I/O address space in an iommufd.',
  doc: 'An address space has mappings; devices are attached to it and get hardware page tables that show them. Ids are the lowest free number, counted from 1, of all objects of the iommufd together.',
  sources: [{ document: 'linux', place: 'drivers/iommu/iommufd/ioas.c iommufd_ioas_alloc_ioctl()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'size is below 12.' },
    { name: 'EOPNOTSUPP', when: 'Flags are set.' },
    { name: 'ENOTTY', when: 'The descriptor is not an iommufd.' },
  ],
  on: 'v6.2..',
  example: 'ioctl(iommufd, IOMMU_IOAS_ALLOC, {size=12, flags=0, out_ioas_id=>ioas}) = 0',
  operands: [{ name: 'alloc', shapes: [{ kind: 'struct', struct: 'iommu_ioas_alloc' }], doc: 'Where the id goes.' }],
  files: ['iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ iommufd: world.vfio.iommufdFiles.ioasAlloc }),
  },
};
