import type { Op } from '../op.ts';

export const pidfdGetfd: Op = {
  name: 'pidfd_getfd',
  kind: 'syscall',
  summary: 'Takes a copy of a descriptor of another process.',
  doc: [
    'Stands for every way in which a descriptor gets from one process to another, SCM_RIGHTS included, so it is there on all kernels. The first argument is the name of the process instead of a pidfd: `"vmm"` is the process of `setup` and of threads without `of`.',
    'Both descriptors name one open file afterwards. A VM and its vCPUs belong to the process that created the VM: ioctls from another one are EIO.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'kernel/pid.c pidfd_getfd()' }],
  errnos: [
    { name: 'EBADF', when: 'The other process has no such descriptor.' },
    { name: 'ESRCH', when: 'There is no process of that name.' },
    { name: 'EINVAL', when: '`flags` is not 0.' },
  ],
  example: 'copy = pidfd_getfd("vmm", vm, 0)',
  operands: [
    { name: 'process', shapes: [{ kind: 'string', of: 'text' }], doc: 'The name of the process, in quotes.' },
    { name: 'fd', shapes: [{ kind: 'fd' }], doc: 'Its descriptor.' },
    { name: 'flags', shapes: [{ kind: 'int' }], doc: '0.', optional: true },
  ],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.pidfdGetfd },
};
