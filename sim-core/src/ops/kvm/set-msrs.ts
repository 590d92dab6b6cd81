import type { Op } from '../op.ts';

export const setMsrs: Op = {
  name: 'KVM_SET_MSRS',
  kind: 'ioctl',
  summary: 'Writes MSRs of a vCPU.',
  doc: [
    'A VMM without firmware writes the MTRRs so. Each entry counts like a write of the guest: it zaps the same leaves. An entry with a value that the register does not take ends the list, and the result is the number of entries done.',
    'MTRRs and IA32_PAT are modelled; other MSRs take any value and keep none. A bare address, as strace prints it, stands for unknown MSRs: nothing changes, and the declared result is taken.',
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
  example: 'ioctl(vcpu0, KVM_SET_MSRS, {nmsrs=1, entries=[{index=IA32_MTRR_DEF_TYPE, data=0xc06}]}) = 1',
  operands: [
    {
      name: 'msrs',
      shapes: [{ kind: 'struct', struct: 'kvm_msrs' }, { kind: 'address' }],
      doc: 'The MSRs; a bare address when they are unknown.',
    },
  ],
  files: ['vcpu'],
  result: 'value',
  answer: 1,
  code: { kind: 'ioctl', routines: (world) => ({ vcpu: world.kvm.msrs.setMsrs }) },
};
