import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioSetIommu: Op = {
  name: 'VFIO_SET_IOMMU',
  kind: 'ioctl',
  summary: 'Gives a container its IOMMU driver; from here on memory can be mapped.',
  doc: [
    'The container must have a group and no driver yet. The first driver that knows the type is opened, and every group is attached to it: up to v3.14 to the one domain of the container; since v3.15 to a domain of its own, which is merged with one of the same kind.',
    'Here it is decided whether the IOMMU overrides No Snoop. v3.13, v3.14: never asked for. v3.15 to v5.18: mappings ask for IOMMU_CACHE if the IOMMU has the capability CACHE_COHERENCY (VT-d: the units of the domain, from v3.17 on all units of the machine). Since v5.19: the domain is asked to enforce coherency.',
    'Not modelled: two drivers that know the same type; VFIO_TYPE1_NESTING_IOMMU beyond what VFIO shows of it.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/container.c vfio_ioctl_set_iommu()' },
    { document: 'linux', place: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_attach_group()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    {
      name: 'EINVAL',
      when: 'The container has no group, or already has a driver; of an iommufd: not a type1 interface, or VFIO_TYPE1_IOMMU although page tables already have mappings.',
    },
    {
      name: 'EADDRINUSE',
      when: 'VFIO_TYPE1_IOMMU of an iommufd that has a mapping which is not page aligned.',
      on: 'v6.2..',
    },
    { name: 'ENODEV', when: 'No driver knows the type; of an iommufd: no group has joined it.' },
    {
      name: 'EPERM',
      when: 'The IOMMU cannot remap interrupts, or the firmware maps a device directly (v3.17 to v6.5, `rmrr=on`).',
    },
    { name: 'ENOTTY', when: 'The descriptor is neither a container nor an iommufd.' },
  ],
  example: 'ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0',
  operands: [{ name: 'type', shapes: [{ kind: 'int', constants: 'vfio-iommu' }], doc: 'The IOMMU interface.' }],
  files: ['container', 'iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ container: world.vfio.containers.setIommu, iommufd: world.vfio.iommufdFiles.setIommu }),
  },
};
