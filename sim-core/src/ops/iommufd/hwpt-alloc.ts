import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const iommuHwptAlloc: Op = {
  name: 'IOMMU_HWPT_ALLOC',
  kind: 'ioctl',
  summary: 'Makes a hardware page table for a device, which stays when the device leaves it.',
  doc: [
    'It enforces coherency if the device can. Attaching to the address space never picks it: VFIO_DEVICE_ATTACH_IOMMUFD_PT must name it.',
    'Up to v6.6 a device that can be coherent asks a page table for it when it is attached, and VT-d agrees although entries that are there already lack SNP: fixed twice in v6.7, in VT-d (e645c20e8e9c) and in iommufd, which no longer asks. Left out: nesting, dirty tracking.',
    'IOMMU_HWPT_ALLOC_PASID makes an AMD unit use v2 tables, which have no Force Coherency bit; the driver says all the same that they enforce coherency. On VT-d (v6.15 and later) and SMMUs it changes nothing. Attaching to a PASID is not modelled.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/iommu/iommufd/hw_pagetable.c iommufd_hwpt_alloc()' },
    { document: 'linux', place: 'drivers/iommu/intel/iommu.c intel_iommu_enforce_cache_coherency()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read, or a mapping of the address space has no user memory.' },
    {
      name: 'EADDRINUSE',
      when: 'A mapping of the address space is beyond what the IOMMU of the device translates, or not page aligned.',
    },
    {
      name: 'EINVAL',
      when: 'size is below 24, or pt_id names no address space.',
    },
    {
      name: 'EOPNOTSUPP',
      when: 'Flags other than IOMMU_HWPT_ALLOC_PASID (8, v6.15 and later) are set, or the unit has no tables for it.',
    },
    { name: 'ENOENT', when: 'dev_id is not a bound device.' },
    { name: 'ENOTTY', when: 'The descriptor is not an iommufd.' },
  ],
  on: 'v6.6..',
  example: 'ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=devid, pt_id=ioas, out_hwpt_id=>hwpt}) = 0',
  operands: [
    { name: 'alloc', shapes: [{ kind: 'struct', struct: 'iommu_hwpt_alloc' }], doc: 'Device and address space.' },
  ],
  files: ['iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ iommufd: world.vfio.iommufdFiles.hwptAlloc }),
  },
};
