import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const iommuIoasMap: Op = {
  name: 'IOMMU_IOAS_MAP',
  kind: 'ioctl',
  summary: 'Maps user memory into an I/O address space.',
  doc: 'The mapping is written into every hardware page table of the address space. While there is none nothing is pinned, and addresses need not be page aligned: attaching a device finds what is wrong. IOMMU_IOAS_MAP_FIXED_IOVA is needed: letting the kernel choose the IOVA is not modelled.',
  sources: [
    { document: 'linux', place: 'drivers/iommu/iommufd/ioas.c iommufd_ioas_map()' },
    { document: 'linux', place: 'drivers/iommu/iommufd/io_pagetable.c iopt_map_pages()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    {
      name: 'EFAULT',
      when: 'The argument cannot be read, or no memory is mapped at user_va while the address space has a page table.',
    },
    {
      name: 'EINVAL',
      when: 'size below 40, no access, length 0, not page aligned while the address space has a page table, or outside of what an attached device can use.',
    },
    { name: 'EOPNOTSUPP', when: 'Unknown flags.' },
    { name: 'ENOENT', when: 'There is no such address space.' },
    { name: 'EEXIST', when: 'The range overlaps a mapping.' },
    { name: 'EOVERFLOW', when: 'The range wraps.' },
    { name: 'ENOTTY', when: 'The descriptor is not an iommufd.' },
  ],
  on: 'v6.2..',
  example: 'ioctl(iommufd, IOMMU_IOAS_MAP, {ioas_id=ioas, user_va=&x, iova=&x, length=PAGE}) = 0',
  operands: [{ name: 'map', shapes: [{ kind: 'struct', struct: 'iommu_ioas_map' }], doc: 'What to map where.' }],
  files: ['iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ iommufd: world.vfio.iommufdFiles.ioasMap }),
  },
};
