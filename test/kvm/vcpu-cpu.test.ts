// On which pCPU a guest runs after VMM threads called ioctls of its vCPU, as every VMM does before KVM_RUN.
import { expect, it } from 'vitest';
import { explore } from '../../sim-core/src/index.ts';
import { modelOf } from './run.ts';

/** Non-coherent DMA, two pCPUs; the VMM loads the vCPU on cpu0. */
const text = (header: string, call: string, flushes: string): string => `machine {
  cpu intel count=2
  mdev virtual group=9
  memory x = 0
}
setup {
  group = open("/dev/vfio/9", O_RDWR)
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  ${call}
}
vcpu 0 ${header} {
  mov [x], 1
  wbinvd
}
forall ${flushes}
`;
const BOTH = 'flushes(cpu0) == 1 && flushes(cpu1) == 1';
const FIRST = 'flushes(cpu0) == 1 && flushes(cpu1) == 0';

it.each([
  ['cpu=1', '', BOTH],
  ['cpu=1', 'ioctl(vcpu0, KVM_SET_CPUID2, 0x7fff1000) = 0', BOTH],
  ['cpu=1', 'ioctl(vcpu0, KVM_SET_MSRS, {nmsrs=1, entries=[{index=0x277, data=0x0007040600070406}]}) = 1', BOTH],
  ['', 'ioctl(vcpu0, KVM_SET_CPUID2, 0x7fff1000) = 0', FIRST],
  ['cpu=1', 'ioctl(vcpu0, KVM_RUN, 0) = 0', FIRST],
])('a vCPU with the header "%s" after "%s": %s', (header, call, flushes) => {
  const [condition] = explore(modelOf(text(header, call, flushes), 'v6.12')).conditions;
  expect(condition?.holds).toBe(true);
});
