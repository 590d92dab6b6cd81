import type { Op } from '../op.ts';

export const schedSetaffinity: Op = {
  name: 'sched_setaffinity',
  kind: 'syscall',
  summary: 'Moves the calling thread to another physical CPU.',
  doc: [
    'The third argument points to the mask of CPUs; the thread runs on the lowest of them from now on. What a thread does to a vCPU (creating it, KVM_GET_REGS, KVM_RUN) loads the vCPU on the CPU that the thread is on.',
  ].join('\n\n'),
  sources: [{ document: 'linux', place: 'kernel/sched/syscalls.c' }],
  errnos: [
    { name: 'EINVAL', when: 'No CPU of the mask exists.' },
    { name: 'EFAULT', when: 'The mask cannot be read.' },
  ],
  example: 'sched_setaffinity(0, 8, [2]) = 0',
  operands: [
    {
      name: 'pid',
      shapes: [{ kind: 'int' }],
      doc: '0, the calling thread. Other threads cannot be moved.',
      ignored: true,
    },
    { name: 'size', shapes: [{ kind: 'int' }], doc: 'Bytes of the mask; ignored.', ignored: true },
    { name: 'mask', shapes: [{ kind: 'pointer', to: { kind: 'int' } }], doc: 'The CPUs, one bit each.' },
  ],
  code: { kind: 'syscall', routine: (world) => world.kvm.vcpus.setAffinity },
};
