/** System calls with one wrong line: order, descriptors, repetition, sizes and flags. */
import { A, add, amd, bef, F, hot, hwpt, IMAP, MAP, qemu, RW, rep } from './wrong-bases.ts';
import { after, before, instead, type Wrong, without } from './wrong-scenarios.ts';

export const WRONG_CALLS: readonly Wrong[] = [
  // Wrong order
  bef(amd)('ADD before KVM_CREATE_DEVICE', 'KVM_CREATE_DEVICE', `${A('ADD')} = 0 `),
  bef(amd)('a vCPU before its VM', 'vm = ioctl', '  early = ioctl(vm, KVM_CREATE_VCPU, 2)'),
  amd(
    'GET_DEVICE_FD before SET_CONTAINER',
    '  nvmefd = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "0000:41:00.0")',
    without('nvmefd ='),
    before('SET_CONTAINER', '  nvmefd = ioctl(grp, VFIO_GROUP_GET_DEVICE_FD, "0000:41:00.0")'),
  ),
  bef(amd)('MAP_DMA before SET_IOMMU', 'VFIO_SET_IOMMU', `${MAP(RW, 'vaddr=&sq, iova=&sq, size=PAGE')} `),
  bef(qemu)('UNSET before SET', 'SET_CONTAINER', '  ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0'),
  bef(hwpt)(
    'HWPT_ALLOC before BIND',
    'BIND_IOMMUFD',
    '  ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=1, pt_id=2, out_hwpt_id=>t2}) = 0',
  ),
  bef(hwpt)('IOAS_MAP before IOAS_ALLOC', 'IOAS_ALLOC', `${IMAP('ioas_id=ioas, user_va=&a, length=PAGE, iova=&a')} `),
  bef(hwpt)('FILE_ADD of a device that is not open yet', 'gpufd = open', `${F('ADD', 'gpufd')} = 0 `),
  hwpt(
    'attach nic before bind nic',
    '  ioctl(nicfd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas}) = 0 ',
    without('{iommufd=iommufd, out_devid=>nic_id}'),
    instead('nicfd, VFIO_DEVICE_ATTACH', '  ioctl(nicfd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas}) = 0 '),
  ),
  bef(hwpt)(
    'DETACH before ATTACH of an unbound device',
    'BIND_IOMMUFD',
    '  ioctl(gpufd, VFIO_DEVICE_DETACH_IOMMUFD_PT, {flags=0}) = 0',
  ),
  // Descriptors
  amd('close of a procedure of numbers', '  close(27) = 0', after('vcpu1 =', '  close(27) = 0')),
  amd('close(dev) before its DEL', `${A('DEL')} = 0`, before('wait [cq] == 1', '  close(vfio) = 0')),
  amd('close(dev) then ADD in setup', `${A('ADD')} = 0`, after('KVM_CREATE_DEVICE', '  close(vfio) = 0')),
  hot('close grp then ADD', `${F('ADD', 'grp')} = 0`, before('FILE_ADD', '  close(grp) = 0')),
  qemu(
    'close container, then map',
    '  ioctl(container, VFIO_IOMMU_MAP_DMA, {argsz=32, flags=VFIO_DMA_MAP_FLAG_READ, vaddr=&ring, iova=&ring, size=PAGE}) = 0',
    after('VFIO_SET_IOMMU', '  close(container) = 0'),
  ),
  qemu('dup of closed', '  copy = dup(group)', after('ethfd =', '  close(group) = 0', '  copy = dup(group)')),
  qemu(
    'another process uses our number',
    '  ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0',
    before('exists', 'thread other of stranger {', '  ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0', '}'),
  ),
  add(amd)('a rebound name', 'KVM_CREATE_DEVICE', '  vfio = open("/dev/kvm", O_RDWR)'),
  add(qemu)(
    'container opened twice under one name',
    'container = open',
    '  container = open("/dev/vfio/vfio", O_RDWR)',
  ),
  hwpt(
    'iommufd closed before map',
    IMAP('ioas_id=ioas, user_va=&a, length=PAGE, iova=&a'),
    before('IOAS_MAP', '  close(iommufd) = 0'),
  ),
  // Wrong kind of descriptor
  rep(amd)(
    'MAP_DMA on the device',
    'vaddr=&sq',
    `  ioctl(nvmefd, VFIO_IOMMU_MAP_DMA, {argsz=32, flags=${RW}, vaddr=&sq, iova=&sq, size=PAGE}) = 0`,
  ),
  rep(amd)('SET_CONTAINER of kvm', 'SET_CONTAINER', '  ioctl(grp, VFIO_GROUP_SET_CONTAINER, [grp]) = 0'),
  rep(amd)(
    'GET_DEVICE_FD on container',
    'GET_DEVICE_FD',
    '  nvmefd = ioctl(cont, VFIO_GROUP_GET_DEVICE_FD, "0000:41:00.0")',
  ),
  rep(amd)(
    'memory region on a vCPU',
    'USER_MEMORY_REGION',
    '  ioctl(kvm, KVM_SET_USER_MEMORY_REGION, {slot=0, guest_phys_addr=&sq, memory_size=0x2000, userspace_addr=&sq}) = 0',
  ),
  rep(hwpt)('ADD the iommufd', 'addr=[gpufd]', `${F('ADD', 'iommufd')} = 0`),
  rep(hwpt)(
    'bind with the container of KVM',
    'out_devid=>gpu_id',
    '  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=nicfd, out_devid=>gpu_id}) = 0',
  ),
  rep(hwpt)('IOAS_ALLOC on the device', 'IOAS_ALLOC', '  ioctl(gpufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas}) = 0'),
  rep(hwpt)(
    'ATTACH on iommufd',
    'gpufd, VFIO_DEVICE_ATTACH',
    '  ioctl(iommufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=table}) = 0',
  ),
  rep(hot)('ADD the device of another kind (vm)', 'FILE_ADD', `${F('ADD', 'vm')} = 0`),
  rep(hot)('KVM_SET_DEVICE_ATTR on the vCPU', 'FILE_ADD', `${F('ADD', 'grp').replace('(dev', '(vcpu0')} = 0`),
  // Twice
  add(amd)('double ADD', 'GROUP_ADD', `${A('ADD')} = 0 `),
  add(amd)('double DEL', 'GROUP_DEL', `${A('DEL')} = 0 `),
  add(hwpt)(
    'double BIND',
    'out_devid=>gpu_id',
    '  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>other_id}) = 0',
  ),
  add(hwpt)('DESTROY of an attached HWPT', 'pt_id=table', '  ioctl(iommufd, IOMMU_DESTROY, {id=table}) = 0'),
  add(hwpt)('DESTROY of nothing', 'IOAS_ALLOC', '  ioctl(iommufd, IOMMU_DESTROY, {id=99}) = 0'),
  hwpt(
    'DESTROY twice',
    '  ioctl(iommufd, IOMMU_DESTROY, {id=spare}) = 0 ',
    after(
      'IOAS_ALLOC',
      '  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>spare}) = 0',
      '  ioctl(iommufd, IOMMU_DESTROY, {id=spare}) = 0',
      '  ioctl(iommufd, IOMMU_DESTROY, {id=spare}) = 0 ',
    ),
  ),
  add(hot)('a vCPU id twice', 'vcpu0 = ', '  vcpu0b = ioctl(vm, KVM_CREATE_VCPU, 0)'),
  add(hot)(
    'a second kvm-vfio device',
    'KVM_CREATE_DEVICE',
    '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev2, flags=0}) = 0',
  ),
  add(qemu)('group opened twice', 'group = open', '  group2 = open("/dev/vfio/50", O_RDWR)'),
  add(qemu)('SET_IOMMU twice', 'VFIO_SET_IOMMU', '  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0'),
  // Argsz and flags, sizes
  rep(amd)(
    'argsz one too small',
    'vaddr=&sq',
    `  ioctl(cont, VFIO_IOMMU_MAP_DMA, {argsz=31, flags=${RW}, vaddr=&sq, iova=&sq, size=PAGE}) = 0`,
  ),
  rep(amd)('unknown map flag', 'vaddr=&sq', MAP('0x100', 'vaddr=&sq, iova=&sq, size=PAGE')),
  rep(amd)('vaddr unaligned', 'vaddr=&sq', MAP(RW, 'vaddr=0x100004, iova=&sq, size=PAGE')),
  rep(amd)('iova unaligned', 'vaddr=&sq', MAP(RW, 'vaddr=&sq, iova=0x100200, size=PAGE')),
  rep(amd)('size wraps', 'vaddr=&sq', MAP(RW, 'vaddr=&sq, iova=0xfffffffffffff000, size=0x2000')),
  qemu('read-only map, device writes', '  MWr ring, 4', after('r0 = MRd', '  MWr ring, 4')),
  amd(
    'write-only map, device reads',
    '  r0 = MRd sq',
    instead('vaddr=&sq', MAP('VFIO_DMA_MAP_FLAG_WRITE', 'vaddr=&sq, iova=&sq, size=PAGE')),
  ),
  rep(qemu)(
    'UNMAP argsz',
    'UNMAP_DMA',
    '  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {argsz=16, iova=&ring, size=PAGE}) = 0',
  ),
  rep(qemu)(
    'UNMAP of another range',
    'UNMAP_DMA',
    '  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {argsz=24, iova=&page, size=PAGE}) = 0',
  ),
  add(qemu)(
    'UNMAP of another range in setup',
    'MAP_DMA',
    '  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {argsz=24, iova=&page, size=PAGE}) = 0',
  ),
  add(qemu)(
    'UNMAP part of a mapping',
    'MAP_DMA',
    '  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {argsz=24, iova=&ring, size=0x800}) = 0',
  ),
  add(qemu)('UNMAP size 0', 'MAP_DMA', '  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {argsz=24, iova=&ring, size=0}) = 0'),
  rep(hwpt)(
    'IOAS_MAP without access',
    'IOAS_MAP',
    '  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA, ioas_id=ioas, user_va=&a, length=PAGE, iova=&a}) = 0',
  ),
  rep(hwpt)('IOAS_MAP length unaligned', 'IOAS_MAP', IMAP('ioas_id=ioas, user_va=&a, length=100, iova=&a')),
  add(hwpt)('IOAS_MAP twice', 'IOAS_MAP', IMAP('ioas_id=ioas, user_va=&b, length=PAGE, iova=&a')),
  add(hwpt)(
    'IOAS_UNMAP of nothing',
    'IOAS_MAP',
    '  ioctl(iommufd, IOMMU_IOAS_UNMAP, {ioas_id=ioas, iova=&b, length=PAGE}) = 0',
  ),
  add(hwpt)(
    'IOAS_UNMAP part',
    'IOAS_MAP',
    '  ioctl(iommufd, IOMMU_IOAS_UNMAP, {ioas_id=ioas, iova=&a, length=0x800}) = 0',
  ),
  rep(amd)(
    'KVM_CREATE_DEVICE another type',
    'KVM_CREATE_DEVICE',
    '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_XICS, fd=>vfio, flags=0}) = 0',
  ),
  rep(amd)(
    'attr number wrong',
    'GROUP_ADD',
    '  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=5, addr=[grp]}) = 0',
  ),
  rep(amd)(
    'group FILE attr DEL swapped name',
    'GROUP_ADD',
    '  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP_ADD, attr=KVM_DEV_VFIO_GROUP, addr=[grp]}) = 0',
  ),
  rep(amd)(
    'addr is not a pointer',
    'GROUP_ADD',
    '  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=grp}) = 0',
  ),
  rep(amd)(
    'addr NULL',
    'GROUP_ADD',
    '  ioctl(vfio, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=NULL}) = 0',
  ),
  rep(amd)('SET_CONTAINER without pointer', 'SET_CONTAINER', '  ioctl(grp, VFIO_GROUP_SET_CONTAINER, cont) = 0'),
  rep(amd)(
    'memory region unaligned',
    'USER_MEMORY_REGION',
    '  ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=0, guest_phys_addr=&sq, memory_size=0x1800, userspace_addr=&sq}) = 0',
  ),
  add(amd)(
    'memory region overlap',
    'USER_MEMORY_REGION',
    '  ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=1, guest_phys_addr=&cq, memory_size=PAGE, userspace_addr=&cq}) = 0',
  ),
  add(amd)(
    'memory region slot number too large',
    'USER_MEMORY_REGION',
    '  ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=100000, guest_phys_addr=0x8000000, memory_size=PAGE, userspace_addr=&cq}) = 0',
  ),
  rep(amd)('vcpu id huge', 'KVM_CREATE_VCPU, 1', '  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 100000)'),
];
