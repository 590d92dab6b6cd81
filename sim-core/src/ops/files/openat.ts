import type { Op } from '../op.ts';
import { OPEN_ERRNOS, PATH_AND_FLAGS } from './opening.ts';

export const openat: Op = {
  name: 'openat',
  kind: 'syscall',
  summary: 'Opens a file by its path, as open does; relative paths start at a directory descriptor.',
  doc: [
    'strace prints this form for open. Only absolute paths and `AT_FDCWD` are modelled; the first argument is not looked at.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'fs/open.c do_sys_openat2()' }],
  errnos: OPEN_ERRNOS,
  example: 'kvm = openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC)',
  operands: [{ name: 'dirfd', shapes: [{ kind: 'int', constants: 'open-at' }], doc: 'AT_FDCWD.' }, ...PATH_AND_FLAGS],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.openat },
};
