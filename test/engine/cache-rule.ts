/** A rule of the caches as a small program: a guest, a device that bypasses the caches, and what comes out. */
export interface Rule {
  readonly kernel?: string;
  readonly vendor?: 'intel' | 'amd';
  /** Of the cpu; `self-snoop=off` when left out. */
  readonly options?: string;
  readonly snoopControl?: 'on' | 'off';
  readonly deviceOptions?: string;
  readonly memory?: readonly string[];
  readonly allow?: readonly string[];
  /** KVM is not told about the device. */
  readonly untold?: true;
  readonly setup?: readonly string[];
  readonly guest: readonly string[];
  readonly other?: readonly string[];
  readonly device: readonly string[];
  /** Blocks of further actors. */
  readonly actors?: readonly string[];
  /** Between micro-steps, too. */
  readonly micro?: true;
  readonly holds: readonly string[];
}

export const RING = 'mov [gpu.bell], 1';
export const READS = ['wait bell == 1', 'r0 = MRd x ns'];
export const READS_FLAG = ['r0 = MRd f ns', 'r1 = MRd x ns'];
export const LATE = 'exists gpu.r0 == 1 && gpu.r1 == 0';
export const UNCACHED_BY_MTRR = ['wrmsr IA32_MTRR_PHYSBASE0, 0x100000', 'wrmsr IA32_MTRR_PHYSMASK0, 0xffffff800'];
export const NO_BLAME = ['~exists stale-read', '~exists lost-write'];

export function scenarioOf(rule: Rule): string {
  const { options = 'self-snoop=off', memory = ['memory x = 0', 'memory f = 0'], guest, other = [], device } = rule;
  return [
    `kernel ${rule.kernel ?? 'v6.12'}`,
    'machine {',
    `cpu ${rule.vendor ?? 'intel'} count=2 ${options}`,
    `iommu u ${rule.vendor === 'amd' ? 'amd-vi' : `vt-d snoop-control=${rule.snoopControl ?? 'off'}`}`,
    `device gpu 0000:01:00.0 iommu=u group=26 no-snoop=on ${rule.deviceOptions ?? ''}`,
    ...memory,
    ...(rule.allow ?? []).map((what) => `allow ${what}`),
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
    ...(rule.untold
      ? []
      : ['ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0']),
    'gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
    ...(rule.setup ?? []),
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
    ...(rule.actors ?? []),
    ...rule.holds,
    '',
  ].join('\n');
}
