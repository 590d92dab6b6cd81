/** Scenarios with one wrong line: descriptors by number, a choice, a mediated device, Arm, two VMs, fields of a struct. */
import { after, before, type Change, changed, instead, type Wrong, without } from './wrong-scenarios.ts';

/** As strace prints it: descriptors by their numbers. */
const STRACE = `scenario "A VMM's log, by hand"
kernel v5.11
machine {
  cpu intel count=2 self-snoop=off
  iommu dmar0 vt-d snoop-control=off
  device nvme 0000:02:00.0 iommu=dmar0 group=7 no-snoop=on
  memory cmd done = 0 0
  memory buf = 0
}
setup {
  openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 3
  ioctl(3, KVM_CREATE_VM, 0) = 4
  ioctl(4, KVM_SET_USER_MEMORY_REGION, {slot=0, guest_phys_addr=&cmd, memory_size=0x2000, userspace_addr=&cmd}) = 0
  openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR|O_CLOEXEC) = 5
  openat(AT_FDCWD, "/dev/vfio/7", O_RDWR|O_CLOEXEC) = 6
  ioctl(6, VFIO_GROUP_SET_CONTAINER, [5]) = 0
  ioctl(5, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0
  ioctl(5, VFIO_IOMMU_MAP_DMA, {vaddr=&cmd, iova=&cmd, size=0x2000}) = 0
  ioctl(4, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev=7, flags=0}) = 0
  ioctl(7, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[6]}) = 0
  ioctl(6, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0") = 8
  ioctl(4, KVM_CREATE_VCPU, 0) = 9
}
vcpu 0 cpu=0 {
  mov [cmd], 1
  mov [buf], 2
  clflush [cmd]
  mov [nvme.tail], 1
  wait [nvme.msi0] == 1
  mov ecx, [done]
}
device nvme {
  wait tail == 1
  r0 = MRd cmd ns
  choose {
    MWr done, 1 ns
  } or {
    MWr done, 2
  }
  msi 0
}
host {
  migrate vcpu0 cpu=1
}
exists nvme.r0 == 1 && vcpu0.ecx == 2
`;

const MDEV = `scenario "A mediated device"
kernel v6.6
machine {
  cpu intel count=2
  iommu dmar0 vt-d
  device card 0000:03:00.0 iommu=dmar0 group=11 driver=i915
  mdev vgpu parent=card group=40 kvm=reference
  memory page = 0
}
setup {
  cont = open("/dev/vfio/vfio", O_RDWR)
  grp = open("/dev/vfio/40", O_RDWR)
  ioctl(grp, VFIO_GROUP_SET_CONTAINER, [cont]) = 0
  ioctl(cont, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>kv, flags=0}) = 0
  ioctl(kv, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[grp]}) = 0
  vgpufd = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "vgpu")
}
exists noncoherent(vm) == 1
`;

const TWO_VMS = `scenario "Two VMs"
kernel v6.12
machine {
  cpu intel count=4
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  device nic 0000:02:00.0 iommu=dmar0 group=27 no-snoop=on
  memory a = 0
  memory b = 0
}
// Puts a group into a container of its own.
proc attach(group, container) {
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0
}
proc tell(dev, group) {
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[group]}) = 0
}
setup {
  c1 = open("/dev/vfio/vfio", O_RDWR)
  c2 = open("/dev/vfio/vfio", O_RDWR)
  g1 = open("/dev/vfio/26", O_RDWR)
  g2 = open("/dev/vfio/27", O_RDWR)
  call attach(g1, c1)
  call attach(g2, c2)
  ioctl(c1, VFIO_IOMMU_MAP_DMA, {vaddr=&a, iova=&a, size=PAGE}) = 0
  ioctl(c2, VFIO_IOMMU_MAP_DMA, {vaddr=&b, iova=&b, size=PAGE}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  red = ioctl(kvm, KVM_CREATE_VM, 0)
  blue = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(red, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dr, flags=0}) = 0
  ioctl(blue, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>db, flags=0}) = 0
  call tell(dr, g1)
  call tell(db, g2)
  gpufd = ioctl(g1, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
  nicfd = ioctl(g2, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")
  r0 = ioctl(red, KVM_CREATE_VCPU, 0)
  b0 = ioctl(blue, KVM_CREATE_VCPU, 0)
}
vcpu 0 of red cpu=0 {
  mov [a], 1
  mov [gpu.go], 1
}
vcpu 0 of blue cpu=1 {
  mov [b], 2
  mov [nic.go], 1
}
device gpu {
  wait go == 1
  g = MRd a ns
}
device nic {
  wait go == 1
  n = MRd b ns
}
thread vmm cpu=2 {
  wait [b] == 2
  ioctl(c1, VFIO_IOMMU_UNMAP_DMA, {iova=&a, size=PAGE})
}
exists gpu.g == 1 && nic.n == 2
`;

export const RIGHT_MIXED: readonly string[] = [STRACE, MDEV, TWO_VMS];

type Case = (what: string, line: string, ...changes: readonly Change[]) => Wrong;
const of =
  (base: string): Case =>
  (what, line, ...changes) => ({ what, line, text: changed(base, changes) });
const log = of(STRACE);
const mdev = of(MDEV);
const vms = of(TWO_VMS);
const put = (mk: Case) => (what: string, part: string, line: string) => mk(what, line, instead(part, line));
const add = (mk: Case) => (what: string, part: string, line: string) => mk(what, line, after(part, line));
const kernel = (name: string): Change => instead('kernel ', `kernel ${name}`);
const ADD7 = '  ioctl(7, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_';

export const WRONG_MIXED: readonly Wrong[] = [
  log(
    'what a check asks is not looked at, since no DMA arrives',
    '  r0 = MRd cmd ns',
    without('MAP_DMA'),
    instead('exists', '~exists stale-read'),
  ),
  log(
    'not registered, and a finding is forbidden',
    '  device nvme 0000:02:00.0 iommu=dmar0 group=7 no-snoop=on',
    without('GROUP_ADD'),
    instead('exists', '~exists lost-write'),
  ),
  // Descriptors by number
  put(log)(
    'a number taken for another',
    'MAP_DMA',
    '  ioctl(6, VFIO_IOMMU_MAP_DMA, {vaddr=&cmd, iova=&cmd, size=0x2000}) = 0',
  ),
  put(log)('a number that nothing has', 'VFIO_SET_IOMMU', '  ioctl(15, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0'),
  put(log)('the number before the last', 'GROUP_ADD', `${ADD7}ADD, addr=[5]}) = 0`),
  put(log)(
    'a device number that is free',
    'fd=>dev',
    '  ioctl(4, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev=5, flags=0}) = 0',
  ),
  add(log)('a number that is taken', 'KVM_CREATE_VCPU', '  openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 4'),
  add(log)('a vCPU of the device', 'KVM_CREATE_DEVICE', '  ioctl(7, KVM_CREATE_VCPU, 3) = 10'),
  log(
    'a file that is closed by number',
    `${ADD7}DEL, addr=[6]}) = 0`,
    after('GET_DEVICE_FD', '  close(7) = 0', `${ADD7}DEL, addr=[6]}) = 0`),
  ),
  log(
    'a descriptor of 3 closed twice',
    '  close(3) = 0 ',
    after('KVM_CREATE_VCPU', '  close(3) = 0', '  close(3) = 0 '),
  ),
  log(
    'UNMAP after the container is closed',
    '  ioctl(5, VFIO_IOMMU_UNMAP_DMA, {iova=&cmd, size=0x2000}) = 0',
    after('KVM_CREATE_VCPU', '  close(5) = 0', '  ioctl(5, VFIO_IOMMU_UNMAP_DMA, {iova=&cmd, size=0x2000}) = 0'),
  ),
  // Mappings
  log(
    'DMA past the mapping',
    '    MWr buf, 2',
    instead('MAP_DMA', '  ioctl(5, VFIO_IOMMU_MAP_DMA, {vaddr=&cmd, iova=&cmd, size=PAGE}) = 0'),
    instead('MWr done, 2', '    MWr buf, 2'),
  ),
  put(log)(
    'a mapping that is longer than the memory by a byte',
    'MAP_DMA',
    '  ioctl(5, VFIO_IOMMU_MAP_DMA, {vaddr=&cmd, iova=&cmd, size=0x2001}) = 0',
  ),
  put(log)(
    'an iova of the next byte',
    'MAP_DMA',
    '  ioctl(5, VFIO_IOMMU_MAP_DMA, {vaddr=&cmd, iova=0x100001, size=0x2000}) = 0',
  ),
  add(log)(
    'a mapping inside of another',
    'MAP_DMA',
    '  ioctl(5, VFIO_IOMMU_MAP_DMA, {vaddr=&buf, iova=&buf, size=PAGE}) = 0',
  ),
  add(log)('half of a mapping taken out', 'MAP_DMA', '  ioctl(5, VFIO_IOMMU_UNMAP_DMA, {iova=&buf, size=PAGE}) = 0'),
  put(log)(
    'mapped to read only',
    'MAP_DMA',
    '  ioctl(5, VFIO_IOMMU_MAP_DMA, {flags=4, vaddr=&cmd, iova=&cmd, size=0x2000}) = 0',
  ),
  log(
    'written to what is read only',
    '    MWr done, 1 ns',
    instead(
      'MAP_DMA',
      '  ioctl(5, VFIO_IOMMU_MAP_DMA, {flags=VFIO_DMA_MAP_FLAG_READ, vaddr=&cmd, iova=&cmd, size=0x2000}) = 0',
    ),
  ),
  log(
    'unmapped in setup, read later',
    '  r0 = MRd cmd ns',
    after('KVM_CREATE_VCPU', '  ioctl(5, VFIO_IOMMU_UNMAP_DMA, {iova=&cmd, size=0x2000}) = 0'),
  ),
  // Actors
  put(log)('waits for another vector', 'wait [nvme.msi0]', '  wait [nvme.msi1] == 1'),
  log('an interrupt that nobody sends', '  wait [nvme.msi0] == 1', instead('msi 0', '  msi 5')),
  log('a doorbell of another value', '  wait tail == 1', instead('mov [nvme.tail], 1', '  mov [nvme.tail], 3')),
  put(log)('waits for more', 'wait tail == 1', '  wait tail > 1'),
  put(log)('migrated to no CPU', 'migrate vcpu0', '  migrate vcpu0 cpu=2'),
  put(log)('migrated another vCPU', 'migrate vcpu0', '  migrate vcpu1 cpu=1'),
  put(log)('mov of a word that is not declared', 'mov [buf], 2', '  mov [bfu], 2'),
  put(log)('a TLP to a word that is not declared', 'r0 = MRd cmd', '  r0 = MRd cdm ns'),
  put(log)('a misspelt attribute', 'r0 = MRd cmd', '  r0 = MRd cmd nosnoop'),
  put(log)('a register of its own misspelt', 'wait tail', '  wait tial == 1'),
  put(log)('clflush without brackets', 'clflush', '  clflush cmd'),
  put(log)('strace pointer', 'MAP_DMA', '  ioctl(5, VFIO_IOMMU_MAP_DMA, 0x7ffd3e3f0860) = 0'),
  log('after a loop', '  mfence', after('mov ecx', '  loop {', '    mov edx, [buf]', '  }', '  mfence')),
  log('a store of 33 bits', '  mov [buf], 0x100000000', instead('mov [buf], 2', '  mov [buf], 0x100000000')),
  log('a register of 33 bits', '  mov eax, 4294967296', instead('mov [buf], 2', '  mov eax, 4294967296')),
  log('MWr of 33 bits', '    MWr done, 0x123456789', instead('MWr done, 2', '    MWr done, 0x123456789')),
  log('wait for 33 bits', '  wait tail == 0x100000001', instead('wait tail', '  wait tail == 0x100000001')),
  log('a word of 33 bits', '  memory buf = 0x1ffffffff', instead('memory buf', '  memory buf = 0x1ffffffff')),
  // Conditions
  put(log)('a value of neither alternative', 'exists', 'exists nvme.r0 == 1 && vcpu0.ecx == 3'),
  put(log)('true whatever happens', 'exists', 'forall nvme.r0 >= 0 || nvme.r0 < 0'),
  put(log)('of no kernel', 'exists', 'exists nvme.r0 == 1 on v6.1..v5.4'),
  put(log)('of a kernel that is not', 'exists', 'exists nvme.r0 == 1 on v9.99'),
  put(log)('a finding of another name', 'exists', 'exists stale_read'),
  put(log)('a fact without its CPU', 'exists', 'exists flushes(cpu3) > 0'),
  put(log)('an exit that is none', 'exists', 'exists exits(vcpu0, WBINVDD) > 0'),
  log(
    'the same on a part of the kernels',
    '~exists nvme.r0 == 1 on v5.4',
    instead('exists', 'exists nvme.r0 == 1 on v5.0..v5.11'),
    after('exists', '~exists nvme.r0 == 1 on v5.4'),
  ),
  log(
    'forall against exists',
    'forall [buf] == 2',
    instead('exists', 'exists [buf] == 0'),
    after('exists', 'forall [buf] == 2'),
  ),
  log('cond: register never written', 'exists vcpu0.edx == 1', instead('exists', 'exists vcpu0.edx == 1')),
  log('cond: device register never written', 'exists nvme.status == 1', instead('exists', 'exists nvme.status == 1')),
  // Kernels
  log(
    'FILE_ADD on v5.11',
    '  ioctl(7, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[6]}) = 0',
    instead(
      'GROUP_ADD',
      '  ioctl(7, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[6]}) = 0',
    ),
  ),
  log(
    'KVM_CREATE_DEVICE on v3.9',
    '  ioctl(4, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev=7, flags=0}) = 0',
    kernel('v3.12'),
  ),
  add(log)('iommufd on v5.11', 'GET_DEVICE_FD', '  open("/dev/iommu", O_RDWR)'),
  add(log)(
    'assignment on v5.11',
    'GET_DEVICE_FD',
    '  ioctl(4, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=2, segnr=0, busnr=2, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU}) = 0',
  ),
  log(
    'a result of other kernels of a condition',
    '  ioctl(6, VFIO_GROUP_SET_CONTAINER, [5]) = -EBUSY',
    instead('SET_CONTAINER', '  ioctl(6, VFIO_GROUP_SET_CONTAINER, [5]) = -EBUSY'),
    instead('exists', 'exists [buf] == 2 on v5.0..v6.6'),
  ),
  log(
    'attribute does not fail so',
    `${ADD7}ADD, addr=[6]}) = -ENOTTY`,
    instead('GROUP_ADD', `${ADD7}ADD, addr=[6]}) = -ENOTTY`),
  ),
  // Machine
  put(log)('iommu that is not', 'device nvme 0000', '  device nvme 0000:02:00.0 iommu=dmar1 group=7 no-snoop=on'),
  put(log)('bdf', 'device nvme 0000', '  device nvme 02:00.8 iommu=dmar0 group=7 no-snoop=on'),
  add(log)('same address', 'device nvme 0000', '  device copy 0000:02:00.0 iommu=dmar0 group=8'),
  log(
    'group of two units',
    '  device copy 0000:02:00.1 iommu=dmar1 group=7',
    after('iommu dmar0', '  iommu dmar1 vt-d'),
    after('device nvme 0000', '  device copy 0000:02:00.1 iommu=dmar1 group=7'),
  ),
  log(
    'ns of a device with no-snoop=off',
    '    MWr done, 1 ns',
    instead('device nvme 0000', '  device nvme 0000:02:00.0 iommu=dmar0 group=7'),
    without('r0 = MRd'),
    instead('exists', 'exists vcpu0.ecx == 2'),
  ),
  log('not registered', '  device nvme 0000:02:00.0 iommu=dmar0 group=7 no-snoop=on', without('GROUP_ADD')),
  log(
    'no kvm-vfio device at all',
    '  device nvme 0000:02:00.0 iommu=dmar0 group=7 no-snoop=on',
    without('GROUP_ADD'),
    without('KVM_CREATE_DEVICE'),
    instead('GET_DEVICE_FD', '  ioctl(6, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0") = 7'),
    instead('KVM_CREATE_VCPU', '  ioctl(4, KVM_CREATE_VCPU, 0) = 8'),
  ),
  log('no vCPU', 'vcpu 0 cpu=0 {', without('KVM_CREATE_VCPU')),
  log('impossible schedule', 'schedule vcpu0*4 host nvme*9', after('exists', 'schedule vcpu0*4 host nvme*9')),
  log('schedule of a device that waits', 'schedule nvme vcpu0', after('exists', 'schedule nvme vcpu0')),
  log(
    'schedule of an alternative that is not',
    'schedule vcpu0*4 nvme*2 nvme/2',
    after('exists', 'schedule vcpu0*4 nvme*2 nvme/2'),
  ),
  // Mediated
  put(mdev)('name of no mdev', 'vgpufd', '  vgpufd = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "vgpu1")'),
  mdev(
    'opened before KVM knows',
    '  early = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "vgpu")',
    before('kvm = open', '  early = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "vgpu")'),
  ),
  put(mdev)('the group of the parent', 'grp = open', '  grp = open("/dev/vfio/11", O_RDWR)'),
  add(mdev)('removed while open', 'vgpufd', '  ioctl(grp, VFIO_GROUP_UNSET_CONTAINER) = 0'),
  put(mdev)('parent that is not', 'mdev vgpu', '  mdev vgpu parent=gpu group=40'),
  put(mdev)('count that is never', 'exists', 'exists noncoherent(kv) == 1'),
  // Two VMs
  vms(
    'a procedure called twice fails the second time',
    '  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0',
    instead('call attach(g2', '  call attach(g2, c1)'),
  ),
  vms(
    'a procedure with its arguments swapped',
    '  call attach(c2, g2)',
    instead('call attach(g2', '  call attach(c2, g2)'),
  ),
  vms(
    'told twice',
    '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[group]}) = 0',
    instead('call tell(db', '  call tell(dr, g1)'),
  ),
  vms('one VM is not told', '  device nic 0000:02:00.0 iommu=dmar0 group=27 no-snoop=on', without('call tell(db')),
  vms('too few arguments', '  call tell(db)', instead('call tell(db', '  call tell(db)')),
  vms('a procedure misspelt', '  call tel(db, g2)', instead('call tell(db', '  call tel(db, g2)')),
  vms('DMA into the memory of the other', '  g = MRd b ns', instead('g = MRd a', '  g = MRd b ns')),
  vms('the vCPU of a VM that has none', 'vcpu 1 of blue cpu=1 {', instead('vcpu 0 of blue', 'vcpu 1 of blue cpu=1 {')),
  vms('of a VM that is misspelt', 'vcpu 0 of blu cpu=1 {', instead('vcpu 0 of blue', 'vcpu 0 of blu cpu=1 {')),
  vms(
    'unmapped twice',
    '  ioctl(c1, VFIO_IOMMU_UNMAP_DMA, {iova=&a, size=PAGE}) ',
    after('UNMAP_DMA', '  ioctl(c1, VFIO_IOMMU_UNMAP_DMA, {iova=&a, size=PAGE}) '),
  ),
  vms('a wait for a word nobody writes so', '  wait [b] == 3', instead('wait [b] == 2', '  wait [b] == 3')),
  vms('a wait for a name', '  wait late > 0', instead('wait [b] == 2', '  wait late > 0')),
  vms(
    'dr of the other process',
    '  ioctl(dr, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_DEL, addr=[g1]}) = 0',
    before(
      'exists',
      'thread x of other {',
      '  ioctl(dr, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_DEL, addr=[g1]}) = 0',
      '}',
    ),
  ),
  vms(
    'TEST',
    '  ioctl(blue, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>db, flags=1}) = 0',
    instead('fd=>db', '  ioctl(blue, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>db, flags=1}) = 0'),
  ),
  vms(
    'numbers: group DEL of never added',
    '  ioctl(db, KVM_SET_DEVICE_ATTR, {group=1, attr=2, addr=[g1]}) = 0',
    after('call tell(db', '  ioctl(db, KVM_SET_DEVICE_ATTR, {group=1, attr=2, addr=[g1]}) = 0'),
  ),
  vms(
    'numbers: no such attr',
    '  ioctl(db, KVM_SET_DEVICE_ATTR, {group=1, attr=4, addr=[g1]}) = 0',
    after('call tell(db', '  ioctl(db, KVM_SET_DEVICE_ATTR, {group=1, attr=4, addr=[g1]}) = 0'),
  ),
];
