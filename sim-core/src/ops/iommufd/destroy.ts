import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const iommuDestroy: Op = {
  name: 'IOMMU_DESTROY',
  kind: 'ioctl',
  summary: 'Destroys an object of an iommufd.',
  doc: 'An address space that a device is attached to is busy. A bound device goes when its file is closed, and a hardware page table that attaching made with its last device: asking for either is EBUSY here.',
  sources: [{ document: 'linux', place: 'drivers/iommu/iommufd/main.c iommufd_destroy()' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'EINVAL', when: 'size is below 8.' },
    { name: 'ENOENT', when: 'There is no such object.' },
    { name: 'EBUSY', when: 'The object is in use.' },
    { name: 'ENOTTY', when: 'The descriptor is not an iommufd.' },
  ],
  on: 'v6.2..',
  example: 'ioctl(iommufd, IOMMU_DESTROY, {id=ioas}) = 0',
  operands: [{ name: 'destroy', shapes: [{ kind: 'struct', struct: 'iommu_destroy' }], doc: 'The object.' }],
  files: ['iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ iommufd: world.vfio.iommufdFiles.destroy }),
  },
};
