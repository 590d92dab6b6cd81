import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const ioctl: Op = {
  name: 'ioctl',
  kind: 'syscall',
  summary: 'Sends a request to the driver of a descriptor.',
  doc: [
    'What a request means depends on the kind of file. A request that a kind does not know is ENOTTY on most, EINVAL on /dev/kvm, on vCPUs and on a VFIO container without an IOMMU driver.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'fs/ioctl.c' }],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'ENOTTY', when: 'The kind of file does not know the request.' },
    { name: 'EINVAL', when: 'The same, on /dev/kvm, on a vCPU, and on a container without an IOMMU driver.' },
  ],
  example: 'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
  operands: [
    { name: 'fd', shapes: [{ kind: 'fd' }], doc: 'The descriptor.' },
    { name: 'request', shapes: [{ kind: 'request' }], doc: 'The request, by name or number.' },
    { name: 'argument', shapes: [{ kind: 'int' }], doc: 'What the request takes.', optional: true },
  ],
  code: { kind: 'syscall', routine: (world) => world.files.ioctl },
};
