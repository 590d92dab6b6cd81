import type { Op } from '../op.ts';

export const close: Op = {
  name: 'close',
  kind: 'syscall',
  summary: 'Takes a descriptor away; the last reference to its file releases its object.',
  doc: [
    'The file lives on while other descriptors (dup) or the kernel refer to it: KVM keeps the files that were added to a kvm-vfio device (from v5.19 on), VFIO keeps the group of an open device.',
    'The release function runs at the end of the call, before it returns.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'fs/open.c close()' },
    { document: 'linux', place: 'fs/file_table.c __fput()' },
    { document: 'linux', place: 'kernel/task_work.c task_work_run()' },
  ],
  errnos: [{ name: 'EBADF', when: 'The descriptor is not open.' }],
  example: 'close(dev) = 0',
  operands: [{ name: 'fd', shapes: [{ kind: 'fd' }], doc: 'The descriptor.' }],
  code: { kind: 'syscall', routine: (world) => world.files.close },
};
