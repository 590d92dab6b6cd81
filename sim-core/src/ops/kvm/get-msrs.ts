import type { Op } from '../op.ts';

export const getMsrs: Op = {
  name: 'KVM_GET_MSRS',
  kind: 'ioctl',
  summary: 'Reads MSRs of a vCPU; of /dev/kvm, those that describe features.',
  doc: [
    'A name that `data` binds gets the low 32 bits. MTRRs and IA32_PAT are modelled; other MSRs read as 0. On /dev/kvm, and of a bare address, nothing is written and the declared result is taken.',
    'Like every vCPU ioctl it loads the vCPU on the CPU of the calling thread and puts it again: with non-coherent DMA registered, that CPU is then in the WBINVD dirty mask.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'arch/x86/kvm/x86.c msr_io()' },
    { document: 'linux', place: 'arch/x86/kvm/mtrr.c kvm_mtrr_set_msr()' },
  ],
  errnos: [
    { name: 'EBADF', when: 'The descriptor is not open, or it was opened with O_PATH.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a vCPU.' },
    { name: 'EFAULT', when: 'Nothing can be read there, or fewer entries than `nmsrs`.' },
    { name: 'E2BIG', when: '`nmsrs` is 256 or more.' },
  ],
  example: 'ioctl(vcpu0, KVM_GET_MSRS, {nmsrs=1, entries=[{index=IA32_MTRR_DEF_TYPE, data=>type}]}) = 1',
  operands: [
    {
      name: 'msrs',
      shapes: [{ kind: 'struct', struct: 'kvm_msrs' }, { kind: 'address' }],
      doc: 'The MSRs; a bare address when they are unknown.',
    },
  ],
  files: ['vcpu', 'kvm'],
  result: 'value',
  answer: 1,
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.msrs.getMsrs, kvm: world.files.inert.answer }) },
};
