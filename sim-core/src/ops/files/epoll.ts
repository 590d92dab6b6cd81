import type { Op } from '../op.ts';

export const epollCreate1: Op = {
  name: 'epoll_create1',
  kind: 'syscall',
  summary: 'Makes an epoll instance.',
  doc: [
    'Only that it is an open file which KVM and VFIO do not know is modelled: a wrong object to pass where a group or a container is expected.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'fs/eventpoll.c' }],
  errnos: [],
  example: 'ep = epoll_create1(0)',
  operands: [{ name: 'flags', shapes: [{ kind: 'int' }], doc: 'Ignored.', optional: true, ignored: true }],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.epollCreate },
};
