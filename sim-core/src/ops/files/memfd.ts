import type { Op } from '../op.ts';

export const memfdCreate: Op = {
  name: 'memfd_create',
  kind: 'syscall',
  summary: 'Makes a memory file.',
  doc: [
    'Only that it is an open file which KVM and VFIO do not know is modelled: a wrong object to pass where a group or a container is expected.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'mm/memfd.c' }],
  errnos: [],
  example: 'm = memfd_create("m", 0)',
  operands: [
    {
      name: 'name',
      shapes: [{ kind: 'string', of: 'text' }],
      doc: 'Its name; ignored.',
      optional: true,
      ignored: true,
    },
    { name: 'flags', shapes: [{ kind: 'int' }], doc: 'Ignored.', optional: true, ignored: true },
  ],
  result: 'fd',
  code: { kind: 'syscall', routine: (world) => world.files.memfdCreate },
};
