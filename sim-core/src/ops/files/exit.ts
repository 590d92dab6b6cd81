import type { Op } from '../op.ts';

export const exit: Op = {
  name: 'exit',
  kind: 'syscall',
  summary: 'Ends the process: all its descriptors are closed.',
  doc: [
    'All descriptors go first, in ascending order; then the release functions run, the file that was closed last first. That is why the end of a process can release things in another order than a program that closes its descriptors itself.',
    'The threads of the process are not stopped: write nothing after it.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'kernel/exit.c do_exit()' },
    { document: 'linux', place: 'fs/file.c close_files()' },
  ],
  errnos: [],
  example: 'exit(0)',
  operands: [
    { name: 'status', shapes: [{ kind: 'int' }], doc: 'The exit status; ignored.', optional: true, ignored: true },
  ],
  code: { kind: 'syscall', routine: (world) => world.files.exit },
};
