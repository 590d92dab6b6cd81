import type { Op } from '../op.ts';

export const dup: Op = {
  name: 'dup',
  kind: 'syscall',
  summary: 'Makes another descriptor for the same open file.',
  doc: [
    'Both descriptors name one open file: what identifies a file to kvm-vfio (from v5.19 on) is the open file, so adding a dup of a listed group is EEXIST.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'fs/file.c ksys_dup()' }],
  errnos: [{ name: 'EBADF', when: 'The descriptor is not open.' }],
  example: 'copy = dup(group)',
  operands: [{ name: 'fd', shapes: [{ kind: 'fd' }], doc: 'The descriptor to copy.' }],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.dup },
};
