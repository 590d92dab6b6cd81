import type { Op } from '../op.ts';

export const socket: Op = {
  name: 'socket',
  kind: 'syscall',
  summary: 'Makes a socket.',
  doc: [
    'Only that it is an open file which KVM and VFIO do not know is modelled: a wrong object to pass where a group or a container is expected.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'net/socket.c' }],
  errnos: [],
  example: 's = socket(1, 1, 0)',
  operands: [
    { name: 'family', shapes: [{ kind: 'int' }], doc: 'Ignored.', optional: true, ignored: true },
    { name: 'type', shapes: [{ kind: 'int' }], doc: 'Ignored.', optional: true, ignored: true },
    { name: 'protocol', shapes: [{ kind: 'int' }], doc: 'Ignored.', optional: true, ignored: true },
  ],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.socket },
};
