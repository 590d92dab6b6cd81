/** Random scenarios of threads that share descriptors and objects: what they open, copy, close and attach races. */
import fc from 'fast-check';

const descriptor = fc.constantFrom('container', 'g', 'h', 'dev', 'dd', 'vm', 'gpu');
const group = fc.constantFrom('g', 'h');
const kvmDevice = fc.constantFrom('dev', 'dd');

const call = fc.oneof(
  descriptor.map((fd) => `close(${fd})`),
  fc.tuple(fc.constantFrom('f', 'dd', 'h'), descriptor).map(([to, fd]) => `${to} = dup(${fd})`),
  fc
    .tuple(kvmDevice, fc.constantFrom('ADD', 'DEL'), group)
    .map(
      ([fd, what, member]) =>
        `ioctl(${fd}, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_${what}, addr=[${member}]})`,
    ),
  fc.constantFrom(
    'h = open("/dev/vfio/26", O_RDWR)',
    'h = open("/dev/vfio/27", O_RDWR)',
    'f = open("/dev/kvm", O_RDWR)',
    'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dd, flags=0})',
    'gpu = ioctl(g, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
    'ioctl(g, VFIO_GROUP_UNSET_CONTAINER)',
    'ioctl(h, VFIO_GROUP_SET_CONTAINER, [container])',
    'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&y, iova=&y, size=PAGE})',
    'ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=&x, size=PAGE})',
  ),
);

/** A thread; sometimes it waits for what another one did, sometimes it chooses. */
function thread(name: string, most: number): fc.Arbitrary<string> {
  const calls = fc.array(call, { minLength: 1, maxLength: most });
  const shaped = fc.oneof(
    { weight: 5, arbitrary: calls },
    { weight: 2, arbitrary: calls.map((lines) => ['wait f != 1', ...lines]) },
    { weight: 1, arbitrary: fc.tuple(call, call).map(([a, b]) => ['choose {', a, '} or {', b, '}']) },
  );
  return shaped.map((lines) => [`thread ${name} {`, ...lines, '}'].join('\n'));
}

const conditions = fc.subarray(
  [
    'exists dd == 1 || h == 1',
    'exists noncoherent(vm) == 0',
    '~exists deadlock',
    '~exists use-after-free',
    'exists f > 3 && gpu >= 0',
    'forall g >= 0 && h >= 0',
  ],
  { minLength: 1 },
);

export const randomThreads: fc.Arbitrary<string> = fc
  .record({
    a: thread('a', 2),
    b: thread('b', 2),
    c: fc.option(thread('c', 1), { nil: '' }),
    attached: fc.boolean(),
    vcpu: fc.boolean(),
    evict: fc.boolean(),
    conditions,
  })
  .map((s) =>
    [
      'scenario "random threads"',
      'machine {',
      'cpu intel count=2',
      'iommu dmar0 vt-d snoop-control=off',
      'device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on',
      'device nic 0000:02:00.0 iommu=dmar0 group=27 no-snoop=on',
      'memory x = 0',
      'memory y = 0',
      ...(s.evict ? ['allow evict x'] : []),
      '}',
      'setup {',
      'container = open("/dev/vfio/vfio", O_RDWR)',
      'g = open("/dev/vfio/26", O_RDWR)',
      'ioctl(g, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
      'ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0',
      'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0',
      'k = open("/dev/kvm", O_RDWR)',
      'f = ioctl(k, KVM_CHECK_EXTENSION, KVM_CAP_DEVICE_CTRL) = 1',
      'vm = ioctl(k, KVM_CREATE_VM, 0)',
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
      ...(s.attached
        ? ['ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[g]}) = 0']
        : []),
      'gpu = ioctl(g, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
      'dd = dup(dev)',
      'h = open("/dev/vfio/27", O_RDWR)',
      ...(s.vcpu ? ['vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)'] : []),
      '}',
      ...(s.vcpu ? ['vcpu 0 cpu=0 {\nmov [x], 1\nwbinvd\n}'] : []),
      s.a,
      s.b,
      s.c,
      ...s.conditions,
      '',
    ].join('\n'),
  );
