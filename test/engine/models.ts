/** Models for tests of the engine, from scenario text. */
import { elaborate, type Model, parse, profileNamed } from '@snoopscope/sim-core';

/** Elaborates a text for a kernel, and fails with the first diagnostic when it cannot. */
export function modelOf(text: string, kernel: string): Model {
  const profile = profileNamed(kernel);
  if (!profile) throw new Error(`there is no profile ${kernel}`);
  const { model, diagnostics } = elaborate(parse(text), { profile });
  if (!model) throw new Error(`line ${(diagnostics[0]?.line ?? 0) + 1}: ${diagnostics[0]?.message}`);
  return model;
}

/** A VM with one vCPU whose block is `body`, on two pCPUs, beside a device that no IOMMU translates for. */
export function guest(body: string, machine = ''): string {
  return `scenario "guest"
machine {
  cpu intel count=2
  device gpu 0000:01:00.0 no-snoop=on
  memory x y = 0 0
  memory z = 0
${machine}
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 cpu=0 {
${body}
}
`;
}
