// Which quirks can be disabled, and what the ones that cannot do, on CPUs of all kinds.
import { describe, expect, it } from 'vitest';
import { explore } from '../../sim-core/src/index.ts';
import { modelOf, outcome } from './run.ts';

const MASKS: readonly (readonly [cpu: string, masks: Readonly<Record<string, number>>])[] = [
  ['intel', { 'v5.17': 0, 'v6.12': 0xff, 'v6.16': 0x3ff, 'v7.1': 0x7ff, 'v7.3': 0xfff, 'debian-6.12.117': 0x7ff }],
  ['intel self-snoop=off', { 'v6.15': 0x1ff, 'v6.16': 0x1ff, 'v7.1': 0x5ff, 'v7.3': 0xdff, 'debian-6.12.117': 0x5ff }],
  ['intel two-dimensional-paging=off', { 'v6.16': 0x1ff, 'v7.3': 0xdff }],
  ['amd', { 'v6.15': 0x1ff, 'v6.16': 0x3ff, 'v7.3': 0xfff }],
  ['amd two-dimensional-paging=off', { 'v6.15': 0x1ff, 'v6.16': 0x1ff, 'v7.1': 0x5ff, 'v7.3': 0xdff }],
  ['arm64', { 'v6.16': 0 }],
];

describe('KVM_CAP_DISABLE_QUIRKS2 answers', () => {
  for (const [cpu, masks] of MASKS) {
    for (const [kernel, mask] of Object.entries(masks)) {
      it(`0x${mask.toString(16)} on ${kernel} with cpu ${cpu}`, () => {
        const text = `machine {\n  cpu ${cpu}\n  memory x = 0\n}\nsetup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_DISABLE_QUIRKS2)
}\n`;
        expect(outcome(text, kernel).results.at(-1)).toBe(mask);
      });
    }
  }
});

describe('a registration of non-coherent DMA zaps', () => {
  // linux: arch/x86/kvm/x86.c kvm_x86_vendor_init(): without EPT or NPT the quirk of the guest PAT cannot be disabled.
  it.each([
    ['amd', 'v6.7', 0],
    ['amd', 'v6.16', 0],
    ['amd two-dimensional-paging=off', 'v6.12', 0],
    ['amd two-dimensional-paging=off', 'v6.16', 1],
    ['intel two-dimensional-paging=off', 'v6.16', 1],
    ['intel', 'v6.7', 1],
    ['intel', 'v6.16', 1],
  ])('with cpu %s on %s %i times', (cpu, kernel, zaps) => {
    const model = modelOf(
      `machine {\n  cpu ${cpu}\n  mdev virtual group=9\n  memory x = 0\n}\nsetup {
  group = open("/dev/vfio/9", O_RDWR)
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0
}\nforall zaps(vm) == ${zaps}\n`,
      kernel,
    );
    expect(explore(model).conditions[0]?.holds).toBe(true);
  });
});
