import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const vfioGetApiVersion: Op = {
  name: 'VFIO_GET_API_VERSION',
  kind: 'ioctl',
  summary: 'Asks a container for the version of the VFIO interface, which is 0.',
  doc: 'Every VMM asks this first, and every kernel answers 0. An iommufd answers too (v6.2 and later), as if it were a container.',
  sources: [{ document: 'linux', place: 'drivers/vfio/container.c vfio_fops_unl_ioctl()' }],
  errnos: [BAD_DESCRIPTOR, { name: 'ENOTTY', when: 'The descriptor is neither a container nor an iommufd.' }],
  example: 'ioctl(container, VFIO_GET_API_VERSION) = 0',
  operands: [],
  files: ['container', 'iommufd'],
  code: {
    kind: 'ioctl',
    routines: (world) => ({
      container: world.vfio.containers.getApiVersion,
      iommufd: world.vfio.iommufdFiles.getApiVersion,
    }),
  },
};
