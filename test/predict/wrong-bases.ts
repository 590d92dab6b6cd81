/** Right scenarios, and ways to make one line of them wrong: AMD, page tables of iommufd, procedures, hot plug, a ring. */
import { after, before, type Change, changed, instead, type Wrong } from './wrong-scenarios.ts';

const AMD = `scenario "An NVMe drive under AMD-Vi"
tags nvme
kernel v5.4
machine {
  cpu amd count=2
  iommu vi0 amd-vi
  device nvme 0000:41:00.0 iommu=vi0 group=14 no-snoop=on
  memory sq = 0
  memory cq = 0
}
setup {
  cont = open("/dev/vfio/vfio", O_RDWR)
  grp = open("/dev/vfio/14", O_RDWR)
  ioctl(grp, VFIO_GROUP_SET_CONTAINER, [cont]) = 0
  ioctl(cont, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0
  ioctl(cont, VFIO_IOMMU_MAP_DMA, {argsz=32, flags=VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE, vaddr=&sq, iova=&sq, size=PAGE}) = 0
  ioctl(cont, VFIO_IOMMU_MAP_DMA, {argsz=32, flags=VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE, vaddr=&cq, iova=&cq, size=PAGE}) = 0
  nvmefd = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "0000:41:00.0")
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=0, guest_phys_addr=&sq, memory_size=0x2000, userspace_addr=&sq}) = 0
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>vfio, flags=0}) = 0
  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[grp]}) = 0
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 cpu=0 {
  mov [sq], 11
  sfence
  mov [nvme.tail], 1
}
vcpu 1 cpu=1 {
  wait [nvme.msi0] == 1
  mov eax, [cq]
}
device nvme {
  wait tail == 1
  r0 = MRd sq
  MWr cq, 1
  msi 0
}
thread vmm {
  wait [cq] == 1
  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_DEL, addr=[grp]}) = 0
}
exists nvme.r0 == 11 && vcpu1.eax == 1
`;

const HWPT = `scenario "Two devices and a page table of their own"
kernel v6.12
machine {
  cpu intel count=2
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  device nic 0000:02:00.0 iommu=dmar0 group=27
  memory a = 0
  memory b = 0
}
setup {
  iommufd = open("/dev/iommu", O_RDWR)
  gpufd = open("/dev/vfio/devices/vfio0", O_RDWR)
  nicfd = open("/dev/vfio/devices/vfio1", O_RDWR)
  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>gpu_id}) = 0
  ioctl(nicfd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>nic_id}) = 0
  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas}) = 0
  ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=gpu_id, pt_id=ioas, out_hwpt_id=>table}) = 0
  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=table}) = 0
  ioctl(nicfd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas}) = 0
  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE, ioas_id=ioas, user_va=&a, length=PAGE, iova=&a}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[gpufd]}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[nicfd]}) = 0
  v0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov [a], 4
  mov [gpu.kick], 1
}
device gpu {
  wait kick == 1
  r0 = MRd a ns
  mov done, 1
}
device nic {
  wait [gpu.done] == 1
  r1 = MRd a
}
exists gpu.r0 == 4 && nic.r1 == 4
`;

const MIGR = `scenario "A vCPU moves and writes back"
kernel v5.10
machine {
  cpu intel count=2 self-snoop=off
  iommu dmar0 vt-d snoop-control=off
  device fpga 0000:05:00.0 iommu=dmar0 group=31 no-snoop=on
  memory buf = 0
  allow migrate vcpu0 max=1
}
proc attach(group, container) {
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
}
setup {
  c = open("/dev/vfio/vfio", O_RDWR)
  g = open("/dev/vfio/31", O_RDWR)
  call attach(g, c)
  ioctl(c, VFIO_IOMMU_MAP_DMA, {vaddr=&buf, iova=&buf, size=PAGE}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>kv, flags=0}) = 0
  ioctl(kv, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[g]}) = 0
  fd = ioctl(g, VFIO_GROUP_GET_DEVICE_FD, "0000:05:00.0")
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 cpu=0 {
  mov [buf], 9
  wbinvd
  mov [fpga.go], 1
}
device fpga {
  wait go == 1
  r0 = MRd buf ns
}
exists fpga.r0 == 9 on v5.4..v5.12
~exists flushes(cpu0) > 9 on v5.12
`;

const HOT = `scenario "Hot plug while the guest runs"
kernel v6.6
machine {
  cpu intel count=2 self-snoop=off
  iommu dmar0 vt-d snoop-control=off
  device dsp 0000:07:00.0 iommu=dmar0 group=33 no-snoop=on
  device snd 0000:08:00.0 iommu=dmar0 group=34 no-snoop=on driver=snd_hda_intel
  memory w = 0
  memory stop = 0
}
setup {
  cont = open("/dev/vfio/vfio", O_RDWR)
  grp = open("/dev/vfio/33", O_RDWR)
  ioctl(grp, VFIO_GROUP_SET_CONTAINER, [cont]) = 0
  ioctl(cont, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=0, guest_phys_addr=&w, memory_size=0x2000, userspace_addr=&w}) = 0
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
}
vcpu 0 cpu=0 {
  mov [w], 1
  wait [dsp.ready] == 1
  mov [w], 2
  wbinvd
  mov [dsp.ring], 1
}
thread plug cpu=1 {
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[grp]}) = 0
  ioctl(cont, VFIO_IOMMU_MAP_DMA, {vaddr=&w, iova=&w, size=PAGE}) = 0
  dspfd = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "0000:07:00.0")
}
device dsp {
  mov ready, 1
  wait ring == 1
  r0 = MRd w ns
}
host {
  migrate vcpu0 cpu=1
}
exists dsp.r0 == 2
`;

const QEMU = `scenario "Two processes share a group by a socket"
kernel v6.1
machine {
  cpu intel count=2
  iommu dmar0 vt-d
  device eth 0000:0a:00.0 iommu=dmar0 group=50
  memory ring = 0
  memory page = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/50", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU)
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {argsz=32, flags=VFIO_DMA_MAP_FLAG_READ, vaddr=&ring, iova=&ring, size=PAGE}) = 0
  ethfd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:0a:00.0")
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov [ring], 3
  mov [eth.db], 1
}
device eth {
  wait db == 1
  r0 = MRd ring
}
thread io cpu=1 {
  wait eth.r0 == 3
  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {argsz=24, iova=&ring, size=PAGE}) = 0
}
exists eth.r0 == 3
`;

export type Case = (what: string, line: string, ...changes: readonly Change[]) => Wrong;
const of =
  (base: string): Case =>
  (what, line, ...changes) => ({ what, line, text: changed(base, changes) });
export const amd = of(AMD),
  hwpt = of(HWPT),
  migr = of(MIGR),
  hot = of(HOT),
  qemu = of(QEMU);
export const rep = (mk: Case) => (what: string, part: string, line: string) => mk(what, line, instead(part, line));
export const add = (mk: Case) => (what: string, part: string, line: string) => mk(what, line, after(part, line));
export const bef = (mk: Case) => (what: string, part: string, line: string) => mk(what, line, before(part, line));
export const A = (op: string) =>
  `  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_${op}, addr=[grp]})`;
export const F = (op: string, fd: string) =>
  `  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_${op}, addr=[${fd}]})`;
export const MAP = (flags: string, rest: string) =>
  `  ioctl(cont, VFIO_IOMMU_MAP_DMA, {argsz=32, flags=${flags}, ${rest}}) = 0`;
export const RW = 'VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE';
export const IMAP = (rest: string) =>
  `  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE, ${rest}}) = 0`;

export const RIGHT_BASES: readonly string[] = [AMD, HWPT, MIGR, HOT, QEMU];
