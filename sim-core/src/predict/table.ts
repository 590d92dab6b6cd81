/** The diagnostics that come from running a scenario, one record each, as those of the text in `scenario/checks/`. */
import type { Check } from '../scenario/checks/check.ts';

export const declaredResult: Check = {
  code: 'declared-result',
  severity: 'error',
  doc: 'A kernel that the scenario names does not give the declared result. In `setup` this is certain, and an error; where actors run concurrently it is a warning about the interleavings that were tried.',
  sources: ['docs/language.md, System calls'],
  examples: {
    bad: `machine {
  cpu intel
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  close(kvm) = 0
  close(kvm) = 0
}
`,
    good: `machine {
  cpu intel
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  close(kvm) = 0
  close(kvm) = -EBADF
}
`,
  },
};

export const failingCall: Check = {
  code: 'failing-call',
  severity: 'warning',
  doc: 'A call fails and declares no result. When that is what the scenario wants to show, declare the errno; else something before it is missing.',
  sources: ['docs/language.md, System calls'],
  examples: {
    bad: `machine {
  cpu intel
}
setup {
  group = open("/dev/vfio/26", O_RDWR)
}
`,
    good: `machine {
  cpu intel
}
setup {
  group = open("/dev/vfio/26", O_RDWR) = -ENOENT
}
`,
  },
};

export const predictedFinding: Check = {
  code: 'predicted-finding',
  severity: 'information',
  doc: 'A monitor objects to what this statement does. It is a warning when a condition forbids the finding, or when a check would fail because of it.',
  sources: ['docs/language.md, exists, ~exists, forall'],
  examples: {
    bad: `machine {
  cpu intel
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar0 group=26
  memory x = 0
}
device gpu {
  r0 = MRd x
}
exists dma-fault
`,
    good: `machine {
  cpu intel
  device gpu 0000:01:00.0
  memory x = 0
}
device gpu {
  r0 = MRd x
}
exists gpu.r0 == 0
`,
  },
};

export const unregisteredDevice: Check = {
  code: 'unregistered-device',
  severity: 'warning',
  doc: 'The device can read and write past the caches, and nothing tells KVM: no KVM_DEV_VFIO_GROUP_ADD or KVM_DEV_VFIO_FILE_ADD, and no legacy assignment, or what tells KVM is taken back before the device is used. A scenario that wants to show this asks for the finding `belief` in a condition.',
  sources: ['linux: virt/kvm/vfio.c kvm_vfio_update_coherency()'],
  examples: { bad: passedThrough(''), good: passedThrough(registrationText()) },
};

export const waitsForEver: Check = {
  code: 'waits-for-ever',
  severity: 'warning',
  doc: 'An actor gets past this statement in none of the interleavings that were tried: a `wait` whose value is never written, or a vCPU that no call makes.',
  sources: ['docs/language.md, wait'],
  examples: {
    bad: `machine {
  cpu intel
  device gpu 0000:01:00.0
  memory x = 0
}
device gpu {
  wait doorbell == 2
  r0 = MRd x
}
`,
    good: `machine {
  cpu intel
  device gpu 0000:01:00.0
  memory x = 0
}
device gpu {
  r0 = MRd x
}
`,
  },
};

export const impossibleSchedule: Check = {
  code: 'impossible-schedule',
  severity: 'error',
  doc: 'The schedule asks for a move that is not possible at that moment on the kernel of the scenario, so a plain run refuses it.',
  sources: ['docs/language.md, schedule'],
  examples: {
    bad: `machine {
  cpu intel
  device gpu 0000:01:00.0
  memory x = 0
}
device gpu {
  r0 = MRd x
}
schedule gpu*2
`,
    good: `machine {
  cpu intel
  device gpu 0000:01:00.0
  memory x = 0
}
device gpu {
  r0 = MRd x
}
schedule gpu
`,
  },
};

export const unmapsNothing: Check = {
  code: 'unmaps-nothing',
  severity: 'warning',
  doc: 'The call succeeds and unmaps nothing, because no mapping is in the range. The only sign is the size that VFIO writes back.',
  sources: ['linux: drivers/vfio/vfio_iommu_type1.c vfio_dma_do_unmap()'],
  examples: {
    bad: unmapping('y'),
    good: unmapping('x'),
  },
};

export const generalProtection: Check = {
  code: 'general-protection',
  severity: 'warning',
  doc: 'The value has a reserved memory type or reserved bits, so that the write is #GP: the register keeps what it had, and the program continues like a guest that handles the exception. A scenario that wants to show this counts `exits(vcpu0, MSR_WRITE)`.',
  sources: ['Intel SDM volume 3, "Memory Type Range Registers (MTRRs)"'],
  examples: { bad: writingPat('0x0202020202020202'), good: writingPat('0x0007040600070406') },
};

/** Everything that a prediction reports. */
export const PREDICTIONS: readonly Check[] = [
  declaredResult,
  failingCall,
  generalProtection,
  impossibleSchedule,
  predictedFinding,
  unmapsNothing,
  unregisteredDevice,
  waitsForEver,
];

function registrationText(): string {
  return `  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0
`;
}

function passedThrough(registration: string): string {
  return `machine {
  cpu intel
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
${registration}  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
}
device gpu {
  r0 = MRd x ns
}
exists gpu.r0 == 0
`;
}

function writingPat(value: string): string {
  return `machine {
  cpu intel
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  wrmsr IA32_PAT, ${value}
  mov [x], 1
}
exists [x] == 1
`;
}

function unmapping(word: string): string {
  return `machine {
  cpu intel
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar0 group=26
  memory x = 0
  memory y = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0
  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=&${word}, size=PAGE}) = 0
}
`;
}
