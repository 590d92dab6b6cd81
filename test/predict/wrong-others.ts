/** More scenarios with one wrong line, on other set-ups: two devices, legacy assignment, device files, several processes. */
import { after, before, type Change, changed, instead, type Wrong, without } from './wrong-scenarios.ts';

const TWO_DEVICES = `scenario "Two devices"
kernel v5.15
machine {
  cpu intel count=2
  iommu dmar0 vt-d snoop-control=on
  iommu dmar1 vt-d snoop-control=off
  device nic 0000:01:00.0 iommu=dmar0 group=26
  device gpu 0000:02:00.0 iommu=dmar1 group=27 no-snoop=on
  memory frame = 0
  memory ready = 0
}
setup {
  c = open("/dev/vfio/vfio", O_RDWR)
  g26 = open("/dev/vfio/26", O_RDWR)
  g27 = open("/dev/vfio/27", O_RDWR)
  ioctl(g26, VFIO_GROUP_SET_CONTAINER, [c]) = 0
  ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0
  ioctl(g27, VFIO_GROUP_SET_CONTAINER, [c]) = 0
  ioctl(c, VFIO_IOMMU_MAP_DMA, {flags=VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE, vaddr=&frame, iova=&frame, size=PAGE}) = 0
  nicfd = ioctl(g26, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
  gpufd = ioctl(g27, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")
  kvm = open("/dev/kvm", O_RDWR)
  guest = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(guest, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>vfiodev, flags=0}) = 0
  ioctl(vfiodev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[g26]}) = 0
  ioctl(vfiodev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[g27]}) = 0
  cpu0 = ioctl(guest, KVM_CREATE_VCPU, 0)
}
vcpu 0 of guest cpu=0 {
  mov [frame], 7
  mov [gpu.start], 1
  wait [ready] == 1
  mov eax, [frame]
}
device gpu {
  wait start == 1
  r0 = MRd frame ns
}
host {
  mov [ready], 1 cpu=1
}
exists gpu.r0 == 7
`;

const LEGACY = `kernel v4.4
machine {
  cpu intel
  iommu dmar0 vt-d snoop-control=off
  device nic 0000:03:00.0 iommu=dmar0 group=9 no-snoop=on
  memory buffer = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=1, segnr=0, busnr=3, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU}) = 0
  vcpu = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov [buffer], 3
  wbinvd
  mov [nic.go], 1
}
device nic {
  wait go == 1
  r1 = MRd buffer ns
}
exists nic.r1 == 3
`;

const CDEV = `scenario "A device file"
kernel v6.9
machine {
  cpu intel count=2
  iommu dmar0 vt-d snoop-control=off
  device ssd 0000:04:00.0 iommu=dmar0 group=12 no-snoop=on
  memory queue = 0
  memory data = 0
}
setup {
  cdev = open("/dev/vfio/devices/vfio0", O_RDWR)
  iommu = open("/dev/iommu", O_RDWR)
  ioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommu, out_devid=>id}) = 0
  ioctl(iommu, IOMMU_IOAS_ALLOC, {out_ioas_id=>space}) = 0
  ioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=space}) = 0
  ioctl(iommu, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE, ioas_id=space, user_va=&queue, length=PAGE, iova=&queue}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>vfio, flags=0}) = 0
  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[cdev]}) = 0
  v0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  v1 = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 cpu=0 {
  mov [queue], 5
  mov [ssd.tail], 1
}
vcpu 1 cpu=1 {
  mov ebx, [queue]
}
device ssd {
  wait tail == 1
  r0 = MRd queue ns
}
thread vmm {
  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_DEL, addr=[cdev]}) = 0
}
exists ssd.r0 == 5
`;

export const RIGHT_OTHERS: readonly string[] = [TWO_DEVICES, LEGACY, CDEV];

type Case = (what: string, line: string, ...changes: readonly Change[]) => Wrong;
const of =
  (base: string): Case =>
  (what, line, ...changes) => ({ what, line, text: changed(base, changes) });
const two = of(TWO_DEVICES);
const legacy = of(LEGACY);
const cdev = of(CDEV);
const kernel = (name: string): Change => instead('kernel ', `kernel ${name}`);

const SET = '  ioctl(vfiodev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_';
const FILE = '  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_';
const MAP = '  ioctl(c, VFIO_IOMMU_MAP_DMA, {flags=VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE, ';
const IOAS_MAP =
  '  ioctl(iommu, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE, ';

export const WRONG_OTHERS: readonly Wrong[] = [
  // Kernels
  cdev('a device file on the last kernel without', '  cdev = open("/dev/vfio/devices/vfio0", O_RDWR)', kernel('v6.5')),
  legacy(
    'assignment on the first kernel without',
    '  ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=1, segnr=0, busnr=3, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU}) = 0',
    kernel('v4.12'),
  ),
  two(
    'before kvm-vfio',
    '  ioctl(guest, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>vfiodev, flags=0}) = 0',
    kernel('v3.12'),
  ),
  cdev(
    'an errno of an older kernel',
    `${FILE}ADD, addr=[cdev]}) = -EPERM`,
    instead('FILE_ADD', `${FILE}ADD, addr=[cdev]}) = -EPERM`),
  ),
  two(
    'a result that another kernel of the conditions does not give',
    `${SET}ADD, addr=[g27]}) = 0`,
    instead('exists', 'exists gpu.r0 == 7 on v3.12, v5.15'),
  ),
  // Descriptors
  two(
    'the container closed before it is used',
    '  ioctl(g26, VFIO_GROUP_SET_CONTAINER, [c]) = 0',
    before('g26 = ', '  close(c)'),
  ),
  cdev('the VM closed before a vCPU', '  v1 = ioctl(vm, KVM_CREATE_VCPU, 1)', before('v1 =', '  close(vm) = 0')),
  two('closed by two', '  close(kvm) ', after('guest =', '  close(kvm) = 0', '  close(kvm) ')),
  cdev(
    'a number that is another',
    '  kvm2 = open("/dev/kvm", O_RDWR) = 5',
    after('kvm = open', '  kvm2 = open("/dev/kvm", O_RDWR) = 5'),
  ),
  cdev('bound over', '  vfio = dup(kvm)', after('kvm = open', '  vfio = dup(kvm)')),
  cdev(
    'more VMs than the model has room for',
    '    more = ioctl(kvm, KVM_CREATE_VM, 0)',
    after('v1 =', '  repeat 40 {', '    more = ioctl(kvm, KVM_CREATE_VM, 0)', '  }'),
  ),
  // The wrong kind
  cdev(
    'an attribute of the VM',
    '  ioctl(vm, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[cdev]}) = 0',
    instead(
      'FILE_ADD',
      '  ioctl(vm, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[cdev]}) = 0',
    ),
  ),
  two(
    'a driver for a group',
    '  ioctl(g26, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0',
    instead('VFIO_SET_IOMMU', '  ioctl(g26, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0'),
  ),
  cdev(
    'iommufd as the device',
    '  ioctl(iommu, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommu, out_devid=>id}) = 0',
    instead('BIND_IOMMUFD', '  ioctl(iommu, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommu, out_devid=>id}) = 0'),
  ),
  two(
    'the device file registered as a group',
    `${SET}ADD, addr=[gpufd]}) = 0`,
    instead('addr=[g27]', `${SET}ADD, addr=[gpufd]}) = 0`),
  ),
  cdev(
    'bound to the container that is not one',
    '  ioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=cdev, out_devid=>id}) = 0',
    instead('BIND_IOMMUFD', '  ioctl(cdev, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=cdev, out_devid=>id}) = 0'),
  ),
  // Order
  two(
    'a driver before a group',
    '  ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0 ',
    before('g26 = ', '  ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0 '),
  ),
  two(
    'the group leaves while a device is open',
    '  ioctl(g27, VFIO_GROUP_UNSET_CONTAINER) = 0',
    after('gpufd =', '  ioctl(g27, VFIO_GROUP_UNSET_CONTAINER) = 0'),
  ),
  cdev(
    'attached before there is a space',
    '  ioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=space}) = 0',
    without('ATTACH'),
    before('IOAS_ALLOC', '  ioctl(cdev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=space}) = 0'),
  ),
  cdev('registered twice', `${FILE}ADD, addr=[cdev]}) = 0 `, after('FILE_ADD', `${FILE}ADD, addr=[cdev]}) = 0 `)),
  two(
    'removed before it is added',
    `${SET}DEL, addr=[g27]}) = 0`,
    before('addr=[g26]})', `${SET}DEL, addr=[g27]}) = 0`),
  ),
  two(
    'a second device of KVM',
    '  ioctl(guest, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>second, flags=0}) = 0',
    after('fd=>vfiodev', '  ioctl(guest, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>second, flags=0}) = 0'),
  ),
  cdev(
    'a test that makes nothing',
    '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>vfio, flags=KVM_CREATE_DEVICE_TEST}) = 0',
    instead(
      'KVM_CREATE_DEVICE',
      '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>vfio, flags=KVM_CREATE_DEVICE_TEST}) = 0',
    ),
  ),
  two(
    'no descriptor in the attribute',
    '  ioctl(vfiodev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD}) = 0',
    instead(
      'addr=[g27]',
      '  ioctl(vfiodev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD}) = 0',
    ),
  ),
  // Mappings
  two(
    'half a page',
    `${MAP}vaddr=&frame, iova=&frame, size=0x800}) = 0`,
    instead('MAP_DMA', `${MAP}vaddr=&frame, iova=&frame, size=0x800}) = 0`),
  ),
  two(
    'no page',
    `${MAP}vaddr=&frame, iova=&frame, size=0}) = 0`,
    instead('MAP_DMA', `${MAP}vaddr=&frame, iova=&frame, size=0}) = 0`),
  ),
  two(
    'neither to read nor to write',
    '  ioctl(c, VFIO_IOMMU_MAP_DMA, {flags=0, vaddr=&frame, iova=&frame, size=PAGE}) = 0',
    instead('MAP_DMA', '  ioctl(c, VFIO_IOMMU_MAP_DMA, {flags=0, vaddr=&frame, iova=&frame, size=PAGE}) = 0'),
  ),
  two(
    'an argsz of nothing',
    '  ioctl(c, VFIO_IOMMU_MAP_DMA, {argsz=0, vaddr=&frame, iova=&frame, size=PAGE}) = 0',
    instead('MAP_DMA', '  ioctl(c, VFIO_IOMMU_MAP_DMA, {argsz=0, vaddr=&frame, iova=&frame, size=PAGE}) = 0'),
  ),
  two(
    'unmapped at another address',
    '  ioctl(c, VFIO_IOMMU_UNMAP_DMA, {iova=&ready, size=PAGE}) = 0',
    after('MAP_DMA', '  ioctl(c, VFIO_IOMMU_UNMAP_DMA, {iova=&ready, size=PAGE}) = 0'),
  ),
  cdev(
    'mapped where something is',
    `${IOAS_MAP}ioas_id=space, user_va=&data, length=PAGE, iova=&queue}) = 0`,
    after('IOAS_MAP', `${IOAS_MAP}ioas_id=space, user_va=&data, length=PAGE, iova=&queue}) = 0`),
  ),
  cdev(
    'mapped into no space',
    `${IOAS_MAP}ioas_id=40, user_va=&queue, length=PAGE, iova=&queue}) = 0`,
    instead('IOAS_MAP', `${IOAS_MAP}ioas_id=40, user_va=&queue, length=PAGE, iova=&queue}) = 0`),
  ),
  cdev('a word that was forgotten', '  MWr data, 1 ns', after('r0 = MRd', '  MWr data, 1 ns')),
  two(
    'mapped at another address',
    '  r0 = MRd frame ns',
    instead('MAP_DMA', `${MAP}vaddr=&frame, iova=0x70000000, size=PAGE}) = 0`),
  ),
  // Machines
  two(
    'two groups of one device and another',
    '  device gpu 0000:02:00.0 iommu=dmar1 group=26 no-snoop=on',
    instead('device gpu 0000', '  device gpu 0000:02:00.0 iommu=dmar1 group=26 no-snoop=on'),
  ),
  two(
    'an address twice',
    '  device gpu 0000:01:00.0 iommu=dmar1 group=27 no-snoop=on',
    instead('device gpu 0000', '  device gpu 0000:01:00.0 iommu=dmar1 group=27 no-snoop=on'),
  ),
  cdev(
    'a driver that is misspelt',
    '  device ssd 0000:04:00.0 iommu=dmar0 group=12 no-snoop=on driver=vfoi-pci',
    instead('device ssd 0000', '  device ssd 0000:04:00.0 iommu=dmar0 group=12 no-snoop=on driver=vfoi-pci'),
  ),
  two(
    'a group of another number',
    '  g27 = open("/dev/vfio/72", O_RDWR)',
    instead('g27 = open', '  g27 = open("/dev/vfio/72", O_RDWR)'),
  ),
  two(
    'a neighbour of a host driver',
    '  gpufd = ioctl(g27, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")',
    after('device gpu 0000', '  device hda 0000:02:00.1 iommu=dmar1 group=27 driver=snd_hda_intel'),
  ),
  legacy(
    'no right to what it sends',
    '  r1 = MRd buffer ns',
    instead('device nic 0000', '  device nic 0000:03:00.0 iommu=dmar0 group=9'),
  ),
  cdev(
    'KVM hears nothing',
    '  device ssd 0000:04:00.0 iommu=dmar0 group=12 no-snoop=on',
    without('FILE_ADD'),
    instead('FILE_DEL', '  close(99) = -EBADF'),
  ),
  two(
    'KVM hears of the other group only',
    '  device gpu 0000:02:00.0 iommu=dmar1 group=27 no-snoop=on',
    without('addr=[g27]'),
  ),
  two('the device is never opened', '  device gpu 0000:02:00.0 iommu=dmar1 group=27 no-snoop=on', without('gpufd =')),
  // Actors
  two(
    'a vCPU of a VM without',
    'vcpu 1 of guest cpu=1 {',
    before('device gpu {', 'vcpu 1 of guest cpu=1 {', '  mov eax, [frame]', '}'),
  ),
  two('a flag that nobody sets', '  wait [ready] == 1', instead('mov [ready], 1', '  mov [ready], 2 cpu=1')),
  cdev('a doorbell that nobody rings', '  wait head == 1', instead('wait tail', '  wait head == 1')),
  two(
    'after a loop',
    '  mov ebx, [frame]',
    after('mov eax, [frame]', '  loop {', '    mov ecx, [ready]', '  }', '  mov ebx, [frame]'),
  ),
  cdev('after an exit', `${FILE}DEL, addr=[cdev]}) = 0`, before('FILE_DEL', '  exit(0)')),
  legacy('a register that is misspelt', '  mov [nic.goo], 1', instead('mov [nic.go]', '  mov [nic.goo], 1')),
  two('a register of no CPU', '  mov eux, [frame]', instead('mov eax', '  mov eux, [frame]')),
  two('a number below what fits', '  mov [frame], -2147483649', instead('mov [frame]', '  mov [frame], -2147483649')),
  legacy('a word of no machine', '  r1 = MRd bufer ns', instead('r1 = MRd', '  r1 = MRd bufer ns')),
  // Conditions
  two('never false', 'forall gpu.r0 == gpu.r0', instead('exists', 'forall gpu.r0 == gpu.r0')),
  two(
    'two values at once',
    'exists [frame] == 1 && [frame] == 7',
    instead('exists', 'exists [frame] == 1 && [frame] == 7'),
  ),
  cdev('a value from nowhere', 'exists ssd.r0 == 6', instead('exists', 'exists ssd.r0 == 6')),
  cdev('a register that is only read', 'exists ssd.r9 == 5', instead('exists', 'exists ssd.r9 == 5')),
  two('against the one above', 'forall gpu.r0 != 7', after('exists', 'forall gpu.r0 != 7')),
  two('the same again', 'exists gpu.r0 == 7 ', after('exists', 'exists gpu.r0 == 7 ')),
  two('on kernels that are none', 'exists gpu.r0 == 7 on v9.1', instead('exists', 'exists gpu.r0 == 7 on v9.1')),
  two('a schedule with an actor too many', 'schedule gpu*5 guest_vcpu0', after('exists', 'schedule gpu*5 guest_vcpu0')),
  // Headers of blocks
  two(
    'an option before the VM, while a line of setup is wrong too',
    '  ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0 ',
    instead('vcpu 0 of guest', 'vcpu 0 cpu=0 of guest {'),
    before('g26 = ', '  ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0 '),
  ),
  cdev(
    'a device that there is not, while a line of setup is wrong too',
    `${FILE}ADD, addr=[cdev]}) = 0 `,
    instead('device ssd {', 'device sdd {'),
    after('FILE_ADD', `${FILE}ADD, addr=[cdev]}) = 0 `),
  ),
  // Procedures
  two(
    'what a procedure does the second time',
    '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [c]) = 0',
    before('setup {', 'proc join(group) {', '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [c]) = 0', '}'),
    instead('ioctl(g26, VFIO_GROUP_SET', '  call join(g26)'),
    after('call join', '  call join(g26)'),
  ),
];
