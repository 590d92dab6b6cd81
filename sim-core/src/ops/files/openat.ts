import type { Op } from '../op.ts';

export const openat: Op = {
  name: 'openat',
  kind: 'syscall',
  summary: 'Opens a file by its path, as open does; relative paths start at a directory descriptor.',
  doc: [
    'strace prints this form for open. Only absolute paths and `AT_FDCWD` are modelled; the first argument is not looked at.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'fs/open.c do_sys_openat2()' }],
  errnos: [
    { name: 'ENOENT', when: 'Nothing has that path.' },
    { name: 'ENOTDIR', when: 'A slash follows something that is not a directory: `/dev/kvm/`.' },
    { name: 'EISDIR', when: 'A directory is opened for writing, or a path that ends in a slash with `O_CREAT`.' },
    { name: 'EFAULT', when: 'The path is not a readable string.' },
    { name: 'EBUSY', when: 'A VFIO group is already open, or still has a container.' },
  ],
  example: 'kvm = openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC)',
  operands: [
    { name: 'dirfd', shapes: [{ kind: 'int', constants: 'open-at' }], doc: 'AT_FDCWD.' },
    { name: 'path', shapes: [{ kind: 'path' }], doc: 'The path, in quotes.' },
    {
      name: 'flags',
      shapes: [{ kind: 'flags', constants: 'open-flag' }],
      doc: 'O_RDWR, O_RDONLY, O_PATH, …',
      optional: true,
    },
    {
      name: 'mode',
      shapes: [{ kind: 'int' }],
      doc: 'Permissions of a new file; ignored.',
      optional: true,
      ignored: true,
    },
  ],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.openat },
};
