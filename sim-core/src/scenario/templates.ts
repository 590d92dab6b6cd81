/** Beginnings of scenarios: whole ones that run, for editors to start a file with. */

export interface ScenarioTemplate {
  /** Stable and hyphenated. */
  readonly id: string;
  /** A few words for a list. */
  readonly title: string;
  /** What it sets up, in one sentence. */
  readonly about: string;
  /** Kernels that have everything in it. */
  readonly on: string;
  readonly text: string;
}

const machine = (...memory: readonly string[]): string[] => [
  'machine {',
  '  cpu intel count=2 wbinvd-exit=on self-snoop=off',
  '  iommu dmar0 vt-d snoop-control=off',
  '  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on',
  ...memory,
  '}',
  '',
];

const WORD = '  memory x = 0';

const CONTAINER = [
  '  container = open("/dev/vfio/vfio", O_RDWR)',
  '  group     = open("/dev/vfio/26", O_RDWR)',
  '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])                      = 0',
  '  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)                       = 0',
  '  kvm = open("/dev/kvm", O_RDWR)',
  '  vm  = ioctl(kvm, KVM_CREATE_VM, 0)',
  '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
];

const ADD =
  '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0';

const GUEST = [
  '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})     = 0',
  '  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
  '  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
];

const DEVICE = ['device gpu {', '  wait doorbell == 1', '  r0 = MRd x ns', '}', ''];

const DRIVER = ['vcpu 0 cpu=0 {', '  mov [x], 1', '  wbinvd', '  mov [gpu.doorbell], 1', '}', ''];

/** What the device must not see. */
const NEVER_OLD = ['~exists gpu.r0 == 0', '~exists stale-read'];

export const SCENARIO_TEMPLATES: readonly ScenarioTemplate[] = [
  {
    id: 'legacy-container',
    title: 'Pass a device through (container)',
    on: 'v3.13..',
    about: 'A VMM opens a group through a container and registers it with kvm-vfio.',
    text: text('A device in a VFIO container', 'v6.1', [
      ...machine(WORD),
      ...block('setup', [...CONTAINER, ADD, ...GUEST]),
      ...DRIVER,
      ...DEVICE,
      ...NEVER_OLD,
    ]),
  },
  {
    id: 'iommufd',
    title: 'Pass a device through (iommufd)',
    on: 'v6.6..',
    about:
      'A VMM binds a device file to iommufd, attaches it to an I/O address space, and registers the file with kvm-vfio.',
    text: text('A device in iommufd', 'v6.12', [
      ...machine(WORD),
      ...block('setup', [
        '  iommufd = open("/dev/iommu", O_RDWR)',
        '  gpufd   = open("/dev/vfio/devices/vfio0", O_RDWR)',
        '  kvm     = open("/dev/kvm", O_RDWR)',
        '  vm      = ioctl(kvm, KVM_CREATE_VM, 0)',
        '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
        '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[gpufd]}) = 0',
        '  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas})                    = 0',
        '  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd})                = 0',
        '  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas})                = 0',
        '  ioctl(iommufd, IOMMU_IOAS_MAP, {ioas_id=ioas, user_va=&x, length=PAGE, iova=&x}) = 0',
        '  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
      ]),
      ...DRIVER,
      ...DEVICE,
      ...NEVER_OLD,
    ]),
  },
  {
    id: 'legacy-assignment',
    title: 'Legacy assignment',
    on: '..v4.11',
    about: 'KVM_ASSIGN_PCI_DEVICE, which KVM had up to v4.11: KVM itself attaches the device to the IOMMU.',
    text: text('A device that KVM assigns', 'v4.4', [
      ...machine(WORD),
      ...block('setup', [
        '  kvm = open("/dev/kvm", O_RDWR)',
        '  vm  = ioctl(kvm, KVM_CREATE_VM, 0)',
        '  ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=1, segnr=0, busnr=1, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU}) = 0',
        '  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
      ]),
      ...block('vcpu 0 cpu=0', ['  pat x = UC', '  mov [x], 1', '  mov [gpu.doorbell], 1']),
      ...DEVICE,
      '~exists gpu.r0 == 0 on v3.13..v4.11',
    ]),
  },
  {
    id: 'race',
    title: 'Two threads racing',
    on: 'v3.13..',
    about: 'Two threads of the VMM call kvm-vfio at the same time; every interleaving of their micro-steps is judged.',
    text: text('Two threads race', 'v6.5', [
      ...machine(),
      ...block('setup', CONTAINER),
      ...block('thread adder', [
        '  added = ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]})',
      ]),
      ...block('thread deleter', [
        '  deleted = ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_DEL, addr=[group]})',
      ]),
      'exists  use-after-free on v6.1..v6.5',
      '~exists use-after-free on v6.6..',
      '',
      '// A step is a micro-step, which ends where another CPU could interleave.',
      'schedule micro adder*4',
    ]),
  },
  {
    id: 'wbinvd-after-migration',
    title: 'WBINVD after migration',
    on: 'v3.13..',
    about: 'The host may move the vCPU to another pCPU between its store and its WBINVD.',
    text: text('WBINVD after the vCPU has moved', 'v6.1', [
      ...machine(WORD, '  allow migrate vcpu0 max=1'),
      ...block('setup', [...CONTAINER, ADD, ...GUEST]),
      ...DRIVER,
      ...DEVICE,
      '~exists gpu.r0 == 0 on v5.12..',
      '',
      '// The host moves the vCPU between its store and its WBINVD.',
      'schedule vcpu0 migrate(vcpu0,cpu1)',
    ]),
  },
];

function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines, '}', ''];
}

function text(title: string, kernel: string, lines: readonly string[]): string {
  return [`scenario "${title}"`, `kernel ${kernel}`, '', ...lines, ''].join('\n');
}
