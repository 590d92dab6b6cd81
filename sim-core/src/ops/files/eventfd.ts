import type { Op } from '../op.ts';

export const eventfd2: Op = {
  name: 'eventfd2',
  kind: 'syscall',
  summary: 'Makes an eventfd.',
  doc: [
    'Only that it is an open file which KVM and VFIO do not know is modelled: a wrong object to pass where a group or a container is expected.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'fs/eventfd.c' }],
  errnos: [],
  example: 'efd = eventfd2(0, 0)',
  operands: [
    { name: 'initval', shapes: [{ kind: 'int' }], doc: 'Its first value.', optional: true, ignored: true },
    { name: 'flags', shapes: [{ kind: 'int' }], doc: 'Ignored.', optional: true, ignored: true },
  ],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.eventfd },
};
