/** What the ioctls of a vCPU have in common: they load the vCPU, and fail alike before they do anything. */
import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const LOADS_VCPU =
  'Like every vCPU ioctl it loads the vCPU on the CPU of the calling thread and puts it again: with non-coherent DMA registered, that CPU is then in the WBINVD dirty mask.';

export const VCPU_SOURCES: Op['sources'] = [
  { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_vcpu_ioctl()' },
  { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_arch_vcpu_load()' },
];

/** Those of a descriptor that may also be /dev/kvm, where the request is known. */
export const VCPU_OR_KVM_ERRNOS: Op['errnos'] = [
  BAD_DESCRIPTOR,
  { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
  { name: 'ENOTTY', when: 'The descriptor is not a vCPU.' },
];

export const VCPU_ERRNOS: Op['errnos'] = [
  ...VCPU_OR_KVM_ERRNOS,
  { name: 'EINVAL', when: 'The descriptor is /dev/kvm.' },
];

export const REGS: Op['operands'] = [
  { name: 'regs', shapes: [{ kind: 'address' }], doc: 'Ignored.', optional: true, ignored: true },
];

export const SREGS: Op['operands'] = [
  {
    name: 'sregs',
    shapes: [{ kind: 'struct', struct: 'kvm_sregs' }, { kind: 'address' }],
    doc: 'The registers.',
    optional: true,
  },
];

export const GET_SREGS_DOC = ['Of `cr0` only CD is modelled; other registers are not.', LOADS_VCPU].join('\n\n');

export const SET_SREGS_DOC = [
  'Of `cr0` only CD is modelled; other registers are not. CR0.CD that the VMM sets or clears takes effect for leaves that are made later: unlike a write of the guest it zaps nothing.',
  LOADS_VCPU,
].join('\n\n');

export const MSRS: Op['operands'] = [
  {
    name: 'msrs',
    shapes: [{ kind: 'struct', struct: 'kvm_msrs' }, { kind: 'address' }],
    doc: 'The MSRs; a bare address when they are unknown.',
  },
];

export const MSR_SOURCES: Op['sources'] = [
  { document: 'linux', place: 'arch/x86/kvm/x86.c msr_io()' },
  { document: 'linux', place: 'arch/x86/kvm/mtrr.c kvm_mtrr_set_msr()' },
];

export const MSR_ERRNOS: Op['errnos'] = [
  ...VCPU_OR_KVM_ERRNOS,
  { name: 'EFAULT', when: 'Nothing can be read there, or fewer entries than `nmsrs`.' },
  { name: 'E2BIG', when: '`nmsrs` is 256 or more.' },
];
