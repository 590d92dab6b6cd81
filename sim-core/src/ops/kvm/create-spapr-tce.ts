import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

const errnos: Op['errnos'] = [
  BAD_DESCRIPTOR,
  { name: 'ENOTTY', when: 'The kernel is not built for POWER, or the descriptor is not a VM.' },
  { name: 'EFAULT', when: 'The argument cannot be read.' },
  {
    name: 'EINVAL',
    when: 'The window is empty or does not fit 64 bits, its pages have less than 4 KiB, or flags are set.',
  },
  { name: 'EBUSY', when: 'The VM has a table of this number (LIOBN).' },
  { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
];
const sources: Op['sources'] = [
  { document: 'linux', place: 'arch/powerpc/kvm/book3s_64_vio.c kvm_vm_ioctl_create_spapr_tce()' },
  { document: 'kernel doc', place: 'Documentation/virt/kvm/api.rst, KVM_CREATE_SPAPR_TCE' },
];
const doc =
  'The table is for a window of I/O virtual addresses of a paravirtualized guest. Its descriptor holds a reference of the VM. Not measured; the entries of the table are not modelled.';

export const createSpaprTce: Op = {
  name: 'KVM_CREATE_SPAPR_TCE',
  kind: 'ioctl',
  summary: 'Makes a TCE table of a VM, on POWER.',
  doc,
  sources,
  errnos,
  example: 'table = ioctl(vm, KVM_CREATE_SPAPR_TCE, {liobn=1, window_size=0x10000000})',
  operands: [
    { name: 'table', shapes: [{ kind: 'struct', struct: 'kvm_create_spapr_tce' }], doc: 'Its number and its window.' },
  ],
  files: ['vm'],
  result: 'fd',
  code: { kind: 'ioctl', routines: (world) => ({ vm: world.kvm.tceTables.create }) },
};

export const createSpaprTce64: Op = {
  name: 'KVM_CREATE_SPAPR_TCE_64',
  kind: 'ioctl',
  summary: 'Makes a TCE table of a VM for any window, on POWER.',
  doc,
  sources,
  errnos,
  on: 'v4.6..',
  example: 'table = ioctl(vm, KVM_CREATE_SPAPR_TCE_64, {liobn=1, page_shift=12, flags=0, offset=0, size=0x10000})',
  operands: [
    {
      name: 'table',
      shapes: [{ kind: 'struct', struct: 'kvm_create_spapr_tce_64' }],
      doc: 'Its number and its window, in pages.',
    },
  ],
  files: ['vm'],
  result: 'fd',
  code: { kind: 'ioctl', routines: (world) => ({ vm: world.kvm.tceTables.create64 }) },
};
