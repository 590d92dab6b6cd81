/**
 * Rules of caches, write buffers and flushes that a guest may rely on, and those that it may not, each as a small program
 * over all interleavings. What the hardware leaves open must not be blamed on the host. docs/hardware.md has the manuals.
 */
import { checkScenario, parse } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';

interface Rule {
  readonly options?: string;
  readonly guest: readonly string[];
  readonly other?: readonly string[];
  readonly device: readonly string[];
  readonly holds: readonly string[];
}

const RING = 'mov [gpu.bell], 1';
const READS = ['wait bell == 1', 'r0 = MRd x ns'];
const READS_FLAG = ['r0 = MRd f ns', 'r1 = MRd x ns'];
const LATE = 'exists gpu.r0 == 1 && gpu.r1 == 0';
const NO_BLAME = ['~exists stale-read', '~exists lost-write'];

const RULES: Readonly<Record<string, Rule>> = {
  'an unfenced non-temporal store may come after a flushed one': {
    guest: ['movnti [x], 1', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'an uncached store, such as a doorbell, drains it': {
    guest: ['movnti [x], 1', RING],
    device: READS,
    holds: ['~exists gpu.r0 == 0', ...NO_BLAME],
  },
  'SFENCE drains it': {
    guest: ['movnti [x], 1', 'sfence', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'CLFLUSH drains the write buffer of its line': {
    guest: ['movnti [x], 1', 'clflush [x]', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'a write-through store is in memory': {
    guest: ['pat x = WT', 'mov [x], 1', RING],
    device: READS,
    holds: ['~exists gpu.r0 == 0', ...NO_BLAME],
  },
  'a store to write-back memory is not, and nobody promised it': {
    guest: ['mov [x], 1', RING],
    device: READS,
    holds: ['exists gpu.r0 == 0', 'exists unflushed-read', ...NO_BLAME],
  },
  'WBNOINVD writes back': {
    guest: ['mov [x], 1', 'wbnoinvd', RING],
    device: READS,
    holds: ['~exists gpu.r0 == 0', ...NO_BLAME],
  },
  'WBNOINVD that no hypervisor turns into WBINVD keeps the line, which may be old after a device wrote past it': {
    options: 'wbinvd-exit=off',
    guest: ['mov eax, [x]', RING, 'wait [gpu.status] == 1', 'wbnoinvd', 'mov ebx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['exists vcpu0.ebx == 0', ...NO_BLAME],
  },
  'WBINVD does not': {
    guest: ['mov eax, [x]', RING, 'wait [gpu.status] == 1', 'wbinvd', 'mov ebx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['~exists vcpu0.ebx == 0', ...NO_BLAME],
  },
  'CLFLUSHOPT without a fence may be late': {
    options: 'store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'mov [f], 1', 'clflushopt [f]'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'with SFENCE it is not': {
    options: 'store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'sfence', 'mov [f], 1', 'clflushopt [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'a clean old line of another CPU may be supplied': {
    options: 'clean-supply=on',
    guest: ['mov eax, [x]', RING],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    other: ['wait [gpu.status] == 1', 'mov ebx, [x]'],
    holds: ['exists vcpu1.ebx == 0', 'exists vcpu1.ebx == 7', ...NO_BLAME],
  },
  'without clean supply memory answers': {
    guest: ['mov eax, [x]', RING],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    other: ['wait [gpu.status] == 1', 'mov ebx, [x]'],
    holds: ['~exists vcpu1.ebx == 0', ...NO_BLAME],
  },
};

function scenarioOf({ options = '', guest, other = [], device, holds }: Rule): string {
  return [
    'kernel v6.12',
    'machine {',
    `cpu intel count=2 self-snoop=off ${options}`,
    'iommu dmar0 vt-d snoop-control=off',
    'device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on',
    'memory x = 0',
    'memory f = 0',
    '}',
    'setup {',
    'container = open("/dev/vfio/vfio", O_RDWR)',
    'group = open("/dev/vfio/26", O_RDWR)',
    'ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
    'ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0',
    'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0',
    'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&f, iova=&f, size=PAGE}) = 0',
    'kvm = open("/dev/kvm", O_RDWR)',
    'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
    'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0',
    'gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
    'vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
    'vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)',
    '}',
    'vcpu 0 cpu=0 {',
    ...guest,
    '}',
    'vcpu 1 cpu=1 {',
    ...other,
    '}',
    'device gpu {',
    ...device,
    '}',
    ...holds,
    '',
  ].join('\n');
}

describe('over all interleavings', () => {
  test.each(Object.entries(RULES))('%s', (_, rule) => {
    const { diagnostics, kernels } = checkScenario(parse(scenarioOf(rule)));
    expect(diagnostics).toEqual([]);
    const [verdict] = kernels;
    expect(verdict?.exploration.complete).toBe(true);
    const failed = verdict?.conditions.filter(({ holds }) => holds !== true).map(({ text }) => text);
    expect(failed).toEqual([]);
    expect(verdict?.conditions.length).toBe(rule.holds.length);
  });
});
