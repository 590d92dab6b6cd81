import type { Monitor } from './monitors.ts';

/** The part of the kernel that follows a NULL pointer reports it. */
export const kernelOops: Monitor<'kernel-oops'> = {
  finding: 'kernel-oops',
  label: 'Kernel oops',
  doc: 'The kernel followed a NULL pointer. The thread dies inside its system call and leaves the locks and references that it held.',
  sources: [{ document: 'linux', place: 'kernel/exit.c make_task_dead()' }],
  fails: 'always',
  stopsByDefault: true,
  operands: ['actor', 'number'],
  headline: (thread) => `${thread} followed a NULL pointer in the kernel and died there`,
  explainedBy: 'null-pointer',
  needsVersions: false,
};
