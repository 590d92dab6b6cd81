import type { Op } from '../op.ts';
import { OPEN_ERRNOS, PATH_AND_FLAGS } from './opening.ts';

export const open: Op = {
  name: 'open',
  kind: 'syscall',
  summary: 'Opens a file by its path and returns the lowest free descriptor.',
  doc: [
    'The nodes that the model knows are `/dev/kvm`, `/dev/vfio/vfio`, `/dev/vfio/N`, `/dev/vfio/noiommu-N`, `/dev/vfio/devices/vfioN`, `/dev/iommu`, `/dev/null` and `/dev/zero`. Any other path outside `/dev` names a regular file, or a directory when it ends in a slash.',
    'With `O_PATH` the file is only named: its open function does not run, and every call on the descriptor except close and dup fails with EBADF.',
    'Left out: permissions (EPERM of a no-IOMMU group without CAP_SYS_RAWIO), a group that goes away while it is opened (ENODEV), symbolic links, the limit on descriptors.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'fs/open.c do_sys_openat2()' },
    { document: 'linux', place: 'fs/file.c alloc_fd()' },
  ],
  errnos: OPEN_ERRNOS,
  example: 'kvm = open("/dev/kvm", O_RDWR)',
  operands: PATH_AND_FLAGS,
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.open },
};
