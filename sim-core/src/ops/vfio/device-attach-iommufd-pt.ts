import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioDeviceAttachIommufdPt: Op = {
  name: 'VFIO_DEVICE_ATTACH_IOMMUFD_PT',
  kind: 'ioctl',
  summary: 'Attaches a bound device to an I/O address space or a hardware page table.',
  doc: [
    'Given an address space, the first hardware page table in it that accepts the device is taken, else a new one is made. A page table that enforces coherency accepts only devices that can; one that does not accepts all. So since v6.7 a device that could be coherent may end up without it, next to one that cannot, and KVM, which asks the device only, calls it coherent (model finding).',
    'A device that is attached already moves. All devices of an IOMMU group share one page table: the first that is attached brings them there, one that moves takes all along, and none can be attached elsewhere.',
    'Nothing is pinned before the address space has a page table, so mappings that cannot be entered fail this call.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/device_cdev.c vfio_df_ioctl_attach_pt()' },
    { document: 'linux', place: 'drivers/iommu/iommufd/device.c iommufd_device_auto_get_domain()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read, or a mapping of the address space has no user memory.' },
    {
      name: 'EADDRINUSE',
      when: 'A mapping of the address space is in a range that is reserved for the device, beyond what its IOMMU translates, or not page aligned.',
    },
    {
      name: 'EINVAL',
      when: "The device is not bound, argsz below 12, flags; the page table does not accept the device; another device of its group is attached elsewhere; the id is a device's.",
    },
    { name: 'ENOENT', when: 'The iommufd has no such object.' },
    { name: 'ENOTTY', when: 'The descriptor is not a device, or it came from a group.' },
  ],
  on: 'v6.6..',
  example: 'ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {argsz=12, flags=0, pt_id=ioas}) = 0',
  operands: [
    { name: 'attach', shapes: [{ kind: 'struct', struct: 'vfio_device_attach_iommufd_pt' }], doc: 'The page table.' },
  ],
  files: ['device'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({ device: world.vfio.cdev.attach }),
  },
};
