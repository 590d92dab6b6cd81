/** Scenarios that are wrong in one line each, of the kinds that authors write: a right one with something changed. */

export interface Wrong {
  readonly what: string;
  readonly text: string;
  /** The line that the diagnostic belongs to, as it is written. */
  readonly line: string;
}

/** By a container, with KVM told: right on every kernel. */
const CONTAINER = `kernel v6.6
machine {
  cpu intel count=2
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
  memory flag = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0
  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 cpu=0 {
  mov [x], 1
  mov [gpu.doorbell], 1
}
device gpu {
  wait doorbell == 1
  r0 = MRd x ns
}
exists gpu.r0 == 1
`;

/** By iommufd, with KVM told. */
const IOMMUFD = `kernel v6.12
machine {
  cpu intel
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
}
setup {
  iommufd = open("/dev/iommu", O_RDWR)
  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas}) = 0
  gpufd = open("/dev/vfio/devices/vfio0", O_RDWR)
  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>devid}) = 0
  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas}) = 0
  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE, ioas_id=ioas, user_va=&x, length=PAGE, iova=&x}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[gpufd]}) = 0
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov [x], 1
  mov [gpu.doorbell], 1
}
device gpu {
  wait doorbell == 1
  r0 = MRd x ns
}
exists gpu.r0 == 1
`;

export const RIGHT: readonly string[] = [CONTAINER, IOMMUFD];

export type Change = (lines: string[]) => void;

const at = (lines: readonly string[], part: string): number => {
  const index = lines.findIndex((line) => line.includes(part));
  if (index < 0) throw new Error(`no line with ${part}`);
  return index;
};
export const after =
  (part: string, ...added: readonly string[]): Change =>
  (lines) =>
    void lines.splice(at(lines, part) + 1, 0, ...added);
export const before =
  (part: string, ...added: readonly string[]): Change =>
  (lines) =>
    void lines.splice(at(lines, part), 0, ...added);
export const instead =
  (part: string, line: string): Change =>
  (lines) =>
    void lines.splice(at(lines, part), 1, line);
export const without =
  (part: string): Change =>
  (lines) =>
    void lines.splice(at(lines, part), 1);

export function changed(base: string, changes: readonly Change[]): string {
  const lines = base.split('\n');
  for (const change of changes) change(lines);
  return lines.join('\n');
}

const container = (what: string, line: string, ...changes: readonly Change[]): Wrong => ({
  what,
  line,
  text: changed(CONTAINER, changes),
});
const iommufd = (what: string, line: string, ...changes: readonly Change[]): Wrong => ({
  what,
  line,
  text: changed(IOMMUFD, changes),
});
/** The added or changed line is the wrong one. */
const added = (what: string, part: string, line: string): Wrong => container(what, line, after(part, line));
const replaced = (what: string, part: string, line: string): Wrong => container(what, line, instead(part, line));

const ATTR = '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_';
const kernel = (name: string): Change => instead('kernel ', `kernel ${name}`);

export const WRONG: readonly Wrong[] = [
  // Descriptors
  container(
    'a VM that is closed',
    '  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)',
    after('KVM_CREATE_VCPU', '  close(vm) = 0', '  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)'),
  ),
  container(
    'a duplicate that is closed',
    `${ATTR}DEL, addr=[again]}) = 0`,
    after('GROUP_ADD', '  again = dup(group)', '  close(again) = 0', `${ATTR}DEL, addr=[again]}) = 0`),
  ),
  container(
    'closed twice',
    '  close(container) = 0 ',
    before('gpufd =', '  close(container) = 0'),
    after('close(container)', '  close(container) = 0 '),
  ),
  added('a number of a descriptor that it does not get', 'KVM_CREATE_VCPU', '  more = open("/dev/kvm", O_RDWR) = 4'),
  // The wrong kind
  replaced(
    'the request for a VM on /dev/kvm',
    'KVM_CREATE_DEVICE',
    '  ioctl(kvm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
  ),
  added('a vCPU of /dev/kvm', 'KVM_CREATE_VM', '  vcpu1 = ioctl(kvm, KVM_CREATE_VCPU, 1)'),
  added('a VM of a VM', 'KVM_CREATE_VM', '  vm2 = ioctl(vm, KVM_CREATE_VM, 0)'),
  replaced(
    'a mapping through the group',
    'MAP_DMA',
    '  ioctl(group, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0',
  ),
  replaced('the container registered with KVM', 'GROUP_ADD', `${ATTR}ADD, addr=[container]}) = 0`),
  replaced(
    'a container as the group',
    'SET_CONTAINER',
    '  ioctl(container, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
  ),
  // Order
  container(
    'the device before the IOMMU',
    '  early = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
    before('VFIO_SET_IOMMU', '  early = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")'),
  ),
  container(
    'registered before the group is in a container',
    `${ATTR}ADD, addr=[group]}) = 0 `,
    kernel('v5.12'),
    without('GROUP_ADD'),
    without('KVM_CREATE_DEVICE'),
    without('KVM_CREATE_VM'),
    without('open("/dev/kvm'),
    before(
      'SET_CONTAINER',
      '  kvm = open("/dev/kvm", O_RDWR)',
      '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
      '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
      `${ATTR}ADD, addr=[group]}) = 0 `,
    ),
  ),
  added(
    'a driver for the container twice',
    'VFIO_SET_IOMMU',
    '  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0',
  ),
  added(
    'a container for the group twice',
    'SET_CONTAINER',
    '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0 ',
  ),
  added('a group taken out while its device is open', 'gpufd =', '  ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0'),
  added(
    'a mapping before there is a driver',
    'SET_CONTAINER',
    '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&flag, iova=&flag, size=PAGE}) = 0',
  ),
  iommufd(
    'attached before it is bound',
    '  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas}) = 0 ',
    before('BIND_IOMMUFD', '  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas}) = 0 '),
  ),
  iommufd(
    'bound twice',
    '  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>again}) = 0',
    after('BIND_IOMMUFD', '  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>again}) = 0'),
  ),
  iommufd(
    'attached to what is not there',
    '  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=77}) = 0',
    instead('ATTACH', '  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=77}) = 0'),
  ),
  iommufd(
    'an IOAS destroyed in use',
    '  ioctl(iommufd, IOMMU_DESTROY, {id=ioas}) = 0',
    after('ATTACH', '  ioctl(iommufd, IOMMU_DESTROY, {id=ioas}) = 0'),
  ),
  // Twice, never, not there
  added('added twice through a duplicate', 'GROUP_ADD', `${ATTR}ADD, addr=[group]}) = 0 `),
  added('removed twice', 'GROUP_ADD', `${ATTR}DEL, addr=[container]}) = 0`),
  container(
    'a group that is already open',
    '  other = open("/dev/vfio/26", O_RDWR)',
    after('gpufd =', '  other = open("/dev/vfio/26", O_RDWR)'),
  ),
  replaced('a group that is not there', '/dev/vfio/26', '  group = open("/dev/vfio/62", O_RDWR)'),
  replaced(
    'a device that is not in the group',
    'GET_DEVICE_FD',
    '  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")',
  ),
  added('a vCPU twice', 'KVM_CREATE_VCPU', '  again = ioctl(vm, KVM_CREATE_VCPU, 0)'),
  replaced(
    'a type of IOMMU of another machine',
    'VFIO_SET_IOMMU',
    '  ioctl(container, VFIO_SET_IOMMU, VFIO_SPAPR_TCE_IOMMU) = 0',
  ),
  // Mappings
  replaced(
    'an IOVA that is not aligned',
    'MAP_DMA',
    '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=0x10010, size=PAGE}) = 0',
  ),
  replaced(
    'a size that is not a multiple',
    'MAP_DMA',
    '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=100}) = 0',
  ),
  added('a mapping twice', 'MAP_DMA', '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0 '),
  added(
    'an argsz that is too small',
    'MAP_DMA',
    '  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {argsz=8, iova=&x, size=PAGE}) = 0',
  ),
  iommufd(
    'a length of nothing',
    '  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA, ioas_id=ioas, user_va=&x, length=0, iova=&x}) = 0',
    before(
      'IOAS_MAP',
      '  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA, ioas_id=ioas, user_va=&x, length=0, iova=&x}) = 0',
    ),
  ),
  container('DMA to a word that is not mapped', '  MWr flag, 1', after('r0 = MRd', '  MWr flag, 1')),
  container(
    'unmapped before the device reads',
    '  r0 = MRd x ns',
    after('gpufd =', '  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=&x, size=PAGE}) = 0'),
  ),
  // Kernels
  iommufd('a device file before there are any', '  gpufd = open("/dev/vfio/devices/vfio0", O_RDWR)', kernel('v6.2')),
  iommufd('iommufd before it is there', '  iommufd = open("/dev/iommu", O_RDWR)', kernel('v5.19')),
  container(
    'the newer name on an older kernel',
    '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[group]}) = 0',
    kernel('v6.1'),
    instead(
      'GROUP_ADD',
      '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[group]}) = 0',
    ),
  ),
  container(
    'legacy assignment after it was removed',
    '  ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=1, segnr=0, busnr=1, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU}) = 0',
    kernel('v4.14'),
    after(
      'KVM_CREATE_VM',
      '  ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=1, segnr=0, busnr=1, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU}) = 0',
    ),
  ),
  container(
    'a result that a kernel of a condition does not give',
    '  ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0',
    without('gpufd ='),
    after('GROUP_ADD', '  ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0'),
    without('r0 = '),
    without('wait'),
    instead('exists', 'exists [x] == 1 on v5.18'),
    without('kernel'),
  ),
  replaced('an errno that DEL never gives', 'GROUP_ADD', `${ATTR}DEL, addr=[group]}) = -EPERM`),
  replaced(
    'an errno that the request never gives',
    'MAP_DMA',
    '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = -ENODEV',
  ),
  // Fields
  replaced(
    'no attribute',
    'GROUP_ADD',
    '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, addr=[group]}) = 0',
  ),
  replaced(
    'a group of attributes that is not there',
    'GROUP_ADD',
    '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=2, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0',
  ),
  replaced(
    'only asked whether it could be made',
    'KVM_CREATE_DEVICE',
    '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=KVM_CREATE_DEVICE_TEST}) = 0',
  ),
  // Machines
  container(
    'a neighbour that a driver of the host has',
    '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
    after('device gpu 0000', '  device sound 0000:01:00.1 iommu=dmar0 group=26 driver=snd_hda_intel'),
  ),
  container(
    'one address twice',
    '  device nic 0000:01:00.0 iommu=dmar0 group=27',
    after('device gpu 0000', '  device nic 0000:01:00.0 iommu=dmar0 group=27'),
  ),
  container(
    'a driver that is misspelt',
    '  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on driver=vfio-pcie',
    instead('device gpu 0000', '  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on driver=vfio-pcie'),
  ),
  container(
    'ns of a device that cannot ask for it',
    '  MWr x, 2 ns',
    instead('device gpu 0000', '  device gpu 0000:01:00.0 iommu=dmar0 group=26'),
    instead('r0 = MRd', '  MWr x, 2 ns'),
    instead('exists', 'exists [x] == 2'),
  ),
  container('nothing tells KVM', '  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on', without('GROUP_ADD')),
  container(
    'nothing opens the device',
    '  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on',
    without('gpufd ='),
  ),
  // Actors
  container(
    'a vCPU that nothing makes',
    'vcpu 1 cpu=1 {',
    before('device gpu {', 'vcpu 1 cpu=1 {', '  mov eax, [x]', '}'),
  ),
  container('a doorbell that nobody rings so', '  wait doorbell == 4', instead('wait', '  wait doorbell == 4')),
  container(
    'a flag that nobody sets',
    '  wait [flag] == 1',
    before('exists', 'thread t {', '  wait [flag] == 1', '  close(9) = -EBADF', '}'),
  ),
  container('a register that is misspelt', '  mov [gpu.doorbel], 1', instead('gpu.doorbell', '  mov [gpu.doorbel], 1')),
  container(
    'a register that nothing writes is read',
    '  mov eax, [gpu.status]',
    after('mov [gpu.doorbell]', '  mov eax, [gpu.status]'),
    instead('exists', 'exists vcpu0.eax == 1'),
  ),
  container(
    'a function that is not there',
    '  bind 0000:09:00.0 driver=vfio-pci',
    before('exists', 'host {', '  bind 0000:09:00.0 driver=vfio-pci', '}'),
  ),
  container('a register of no CPU', '  mov eac, [x]', after('mov [x], 1', '  mov eac, [x]')),
  container('a number that does not fit', '  mov [x], 0x1ffffffff', instead('mov [x], 1', '  mov [x], 0x1ffffffff')),
  container(
    'a loop that never ends',
    '  wbinvd',
    after('mov [x], 1', '  loop {', '    mov eax, [x]', '  }', '  wbinvd'),
  ),
  container(
    'after the process has ended',
    '  close(3) = 0',
    before('exists', 'thread t {', '  exit(0)', '  close(3) = 0', '}'),
  ),
  container(
    'more descriptors than there can be',
    '    more = open("/dev/kvm", O_RDWR)',
    after('KVM_CREATE_VCPU', '  repeat 60 {', '    more = open("/dev/kvm", O_RDWR)', '  }'),
  ),
  // Procedures
  container(
    'the second call of a procedure',
    '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>made, flags=0}) = 0',
    before(
      'setup {',
      'proc create(vm) {',
      '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>made, flags=0}) = 0',
      '}',
    ),
    after('GROUP_ADD', '  call create(vm)'),
  ),
  // Conditions
  container('always true', 'exists gpu.r0 == 0 || gpu.r0 != 0', instead('exists', 'exists gpu.r0 == 0 || gpu.r0 != 0')),
  container('never true', 'exists gpu.r0 == 1 && gpu.r0 == 2', instead('exists', 'exists gpu.r0 == 1 && gpu.r0 == 2')),
  container('a register that nothing writes', 'exists vcpu0.ecx == 1', instead('exists', 'exists vcpu0.ecx == 1')),
  container('a value that nothing writes', 'exists gpu.r0 == 9', instead('exists', 'exists gpu.r0 == 9')),
  container('none of the values', 'exists gpu.r0 > 1', instead('exists', 'exists gpu.r0 > 1')),
  container('a fact of another file', 'exists noncoherent(dev)', instead('exists', 'exists noncoherent(dev)')),
  container('a group that is not there', 'exists coherent(27)', instead('exists', 'exists coherent(27)')),
  container('not together with the one above', 'forall gpu.r0 == 0', after('exists', 'forall gpu.r0 == 0')),
  container('the opposite of the one above', '~exists gpu.r0 == 1', after('exists', '~exists gpu.r0 == 1')),
  container('a schedule that is not possible', 'schedule gpu*9', after('exists', 'schedule gpu*9')),
];
