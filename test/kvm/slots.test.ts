// Memory slots on CPUs of all kinds, and addresses that have none.
import { describe, expect, it } from 'vitest';
import { explore } from '../../sim-core/src/index.ts';
import { modelOf, outcome } from './run.ts';

const slot = (id: string, size: string, flags = '0', at = '&x'): string =>
  `ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=${id}, guest_phys_addr=${at}, memory_size=${size}, userspace_addr=${at}, flags=${flags}})`;
const machine = (cpu: string): string => `machine {
  cpu ${cpu}
  memory x = 0
  memory y = 0 at=0x200000
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
`;

describe('an address without a slot', () => {
  // linux: arch/x86/kvm/mmu/mmu.c check_mmio_spte(): each change of the slots makes entries for MMIO stale.
  it.each([
    ['intel', 1, 1],
    ['amd', 2, 0],
    ['intel two-dimensional-paging=off', 0, 0],
  ])('is MMIO until a slot has it: with cpu %s %i EPT_VIOLATION and %i EPT_MISCONFIG', (cpu, violations, others) => {
    const text = `${machine(cpu).replace('y = 0', 'y = 5')}  ${slot('0', 'PAGE')}
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov eax, [y]
  mov ebx, [y]
}
thread vmm {
  ${slot('1', 'PAGE', '0', '&y')} = 0
}
schedule vcpu0 vmm vcpu0
exists vcpu0.eax == 0 && vcpu0.ebx == 5 && exits(vcpu0, EPT_VIOLATION) == ${violations} && exits(vcpu0, EPT_MISCONFIG) == ${others}
`;
    expect(explore(modelOf(text, 'v6.1')).conditions[0]?.holds).toBe(true);
  });

  it.each([
    ['intel', 1, 2],
    ['amd', 3, 0],
  ])(
    'leaves the guest at each access: with cpu %s %i EPT_VIOLATION and %i EPT_MISCONFIG',
    (cpu, violations, others) => {
      const text = `${machine(cpu)}  ${slot('0', 'PAGE')}
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov eax, [y]
  mov eax, [y]
  mov [y], 1
}
forall exits(vcpu0, EPT_VIOLATION) == ${violations} && exits(vcpu0, EPT_MISCONFIG) == ${others}
`;
      expect(explore(modelOf(text, 'v6.1')).conditions[0]?.holds).toBe(true);
    },
  );
});

describe('KVM_SET_USER_MEMORY_REGION', () => {
  // linux: arch/powerpc/include/uapi/asm/kvm.h does not define __KVM_HAVE_READONLY_MEM.
  it.each([
    ['intel', 0],
    ['arm64', 0],
    ['power', 'EINVAL'],
  ])('knows read-only slots with cpu %s: %s', (cpu, result) => {
    expect(outcome(`${machine(cpu)}  ${slot('0', 'PAGE', 'KVM_MEM_READONLY')}\n}\n`, 'v6.12').results.at(-1)).toBe(
      result,
    );
  });

  // linux: virt/kvm/kvm_main.c kvm_arch_nr_memslot_as_ids(): the second address space is that of SMM.
  it.each([
    ['amd', '0x10001', 0],
    ['arm64', '0x10001', 'EINVAL'],
    ['power', '0x10001', 'EINVAL'],
    ['amd', '32765', 'EINVAL'],
    ['arm64', '32765', 0],
    ['arm64', '32767', 'EINVAL'],
  ])('takes with cpu %s the slot %s: %s', (cpu, id, result) => {
    expect(outcome(`${machine(cpu)}  ${slot(id, 'PAGE')}\n}\n`, 'v6.12').results.at(-1)).toBe(result);
  });

  // linux: arch/arm64/kvm/mmu.c kvm_arch_flush_shadow_memslot()
  it.each([
    ['intel', 'none'],
    ['arm64', 'WB'],
    ['power', 'WB'],
  ])('zaps with cpu %s what other slots have: %s is left', (cpu, left) => {
    const text = `${machine(cpu)}  ${slot('0', 'PAGE')}
  ${slot('1', 'PAGE', '0', '&y')}
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov eax, [x]
  mov eax, [y]
  mov [x], 1
}
thread vmm {
  wait [x] == 1
  ${slot('1', '0', '0', '&y')} = 0
}
forall ept(vm, x) == ${left} && ept(vm, y) == none
`;
    const model = modelOf(text, 'v6.1');
    expect(explore(model).conditions[0]?.holds).toBe(true);
  });
});
