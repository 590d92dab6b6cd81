import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioIommuMapDma: Op = {
  name: 'VFIO_IOMMU_MAP_DMA',
  kind: 'ioctl',
  summary: 'Maps user memory into the IOVA space of a container.',
  doc: [
    'The mapping is written into every domain of the container, each with its own idea of coherency: on VT-d the entries carry SNP when the domain forces snooping at this moment, and a No Snoop access through them is snooped all the same.',
    'Checked in order: the argument, the size, that neither range wraps, the access, alignment, overlap with a mapping, the ranges that the IOMMU can translate (v5.4 and later), the user memory.',
    'Entries exist for the pages of the scenario. `vaddr=&x, iova=&x, size=PAGE` maps the page of x to itself. Not modelled: RLIMIT_MEMLOCK and the limit of 65535 mappings.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/vfio_iommu_type1.c vfio_dma_do_map()' },
    { document: 'linux', place: 'drivers/iommu/intel/iommu.c intel_iommu_map()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read, or no memory is mapped at vaddr.' },
    {
      name: 'EINVAL',
      when: 'The container has no driver; argsz below 32, unknown flags, no access, size 0, not page aligned; outside of what the IOMMU translates (v5.4 and later); a range that wraps (up to v6.17).',
    },
    { name: 'EOVERFLOW', when: 'A range wraps.', on: 'v6.18..' },
    { name: 'EEXIST', when: 'The range overlaps a mapping.' },
    { name: 'ENOENT', when: 'VFIO_DMA_MAP_FLAG_VADDR, and nothing is mapped there.', on: 'v5.12..' },
    { name: 'ENODEV', when: 'The iommufd has no compatibility IOAS.', on: 'v6.2..' },
    { name: 'ENOTTY', when: 'The descriptor is not a container, or its driver is VFIO_NOIOMMU_IOMMU.' },
  ],
  example: 'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0',
  operands: [
    { name: 'map', shapes: [{ kind: 'struct', struct: 'vfio_iommu_type1_dma_map' }], doc: 'What to map where.' },
  ],
  files: ['container', 'iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({
      container: world.vfio.driverCalls.mapDma,
      iommufd: world.vfio.iommufdFiles.mapDma,
      device: world.vfio.pci.hotReset,
    }),
  },
};
