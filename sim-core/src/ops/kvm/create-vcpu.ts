import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const createVcpu: Op = {
  name: 'KVM_CREATE_VCPU',
  kind: 'ioctl',
  summary: 'Creates a vCPU of a VM and returns its descriptor.',
  doc: [
    'The block `vcpu N` (or `vcpu N of NAME`) executes the vCPU with id N from now on.',
    'Creating a vCPU loads it once on the CPU of the calling thread, as every vCPU ioctl does: with non-coherent DMA registered, that CPU is in its WBINVD dirty mask.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_vm_ioctl_create_vcpu()' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_arch_vcpu_create()' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EEXIST', when: 'The VM has a vCPU with this id.' },
    { name: 'EINVAL', when: 'The id is too large.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a VM.' },
  ],
  example: 'vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
  operands: [{ name: 'id', shapes: [{ kind: 'int' }], doc: 'The id of the vCPU.' }],
  files: ['vm'],
  result: 'fd',
  code: { kind: 'ioctl', routines: (world) => ({ vm: world.kvm.vcpus.createVcpu }) },
};
