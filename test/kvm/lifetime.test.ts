// Objects used after they were freed: races and orders that upstream fixed, each on the kernels around its fix.
import { describe, expect, it } from 'vitest';
import { outcome, outcomes } from './run.ts';

const header = `machine {
  cpu intel count=1
  iommu unit vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=unit group=26 no-snoop=on
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
`;
const add = 'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]})';
const del = add.replace('_ADD', '_DEL');

describe('ADD and DEL of one file at once (9e0f4f2918c2)', () => {
  const text = `${header}}\nthread a {\n  ${add}\n}\nthread b {\n  ${del}\n}\n`;
  const found = (kernel: string): boolean => outcomes(text, kernel).some((o) => o.includes('use-after-free'));

  it('uses the freed entry from v5.19 to v6.5', () => {
    expect(found('v5.19')).toBe(true);
    expect(found('v6.5')).toBe(true);
  });

  it('does not when the list changes and VFIO is told in one critical section, nor while groups were listed', () => {
    expect(found('v6.6')).toBe(false);
    expect(found('debian-6.1.192')).toBe(false);
    expect(found('v5.18')).toBe(false);
  });
});

describe('the dirty mask of a vCPU that is freed with its VM (bd768e146624)', () => {
  const text = `${header}  ${add}\n  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)\n  close(vcpu0)\n  close(dev)\n  close(vm)\n}\n`;
  for (const [kernel, findings] of [
    ['v3.16', []],
    ['v3.17', ['use-after-free']],
    ['v4.8', ['use-after-free']],
    ['v4.9', []],
    ['v6.12', []],
  ] as const) {
    it(`is ${findings.length > 0 ? 'written after it was freed' : 'still there'} on ${kernel}`, () => {
      expect(outcome(text, kernel).findings).toEqual(findings);
    });
  }
});
