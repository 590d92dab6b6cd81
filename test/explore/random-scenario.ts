/** Random scenarios with few statements: vCPUs, a device, a VMM thread, what the environment may do. */
import fc from 'fast-check';

const word = fc.constantFrom('x', 'y', 'z');
const value = fc.integer({ min: 1, max: 2 });

const instruction = fc.oneof(
  fc.tuple(word, value).map(([w, v]) => `mov [${w}], ${v}`),
  word.map((w) => `mov eax, [${w}]`),
  fc.tuple(word, value).map(([w, v]) => `movnti [${w}], ${v}`),
  fc.constantFrom('wbinvd', 'mfence', 'sfence', 'mov [gpu.bell], 1', 'mov ebx, 1', 'mov ecx, eax'),
  word.map((w) => `clflush [${w}]`),
  fc.tuple(word, fc.constantFrom('UC', 'WC', 'WB')).map(([w, t]) => `pat ${w} = ${t}`),
  fc.tuple(word, value).map(([w, v]) => `wait [${w}] == ${v}`),
);

const tlp = fc.oneof(
  fc.tuple(word, fc.constantFrom(' ns', '')).map(([w, ns]) => `r0 = MRd ${w}${ns}`),
  fc.tuple(word, value, fc.constantFrom(' ns', '')).map(([w, v, ns]) => `MWr ${w}, ${v}${ns}`),
  fc.constant('wait bell == 1'),
);

const attribute = (name: string): string =>
  `ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=${name}, addr=[group]})`;
const call = fc.constantFrom(
  attribute('KVM_DEV_VFIO_GROUP_ADD'),
  attribute('KVM_DEV_VFIO_GROUP_DEL'),
  'ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=&x, size=PAGE})',
  'fd = dup(dev)',
  'close(dev)',
  'close(fd)',
);

const environment = fc.subarray([
  'allow evict',
  'allow prefetch x',
  'allow drain',
  'allow migrate vcpu0',
  'allow migrate vcpu1 max=1',
]);

const conditions = fc.subarray(
  [
    'exists vcpu0.eax == 1 && gpu.r0 == 0',
    '~exists stale-read',
    'forall [x] == 1 || vcpu1.eax == 0',
    'exists noncoherent(vm) == 1 && [y] == 2',
    'exists cache(cpu0, x) == M',
    '~exists deadlock || lost-write',
  ],
  { minLength: 1 },
);

/** A block; sometimes with a choice or a loop in it. */
function block(name: string, statement: fc.Arbitrary<string>, most: number): fc.Arbitrary<string> {
  const lines = fc.array(statement, { minLength: 0, maxLength: most });
  const shaped = fc.oneof(
    { weight: 4, arbitrary: lines },
    {
      weight: 1,
      arbitrary: fc
        .tuple(lines, statement, statement)
        .map(([before, a, b]) => [...before, 'choose {', a, '} or {', b, '}']),
    },
    { weight: 1, arbitrary: fc.tuple(statement, statement).map(([a, b]) => ['loop {', a, b, '}']) },
  );
  return shaped.map((body) => [`${name} {`, ...body, '}'].join('\n'));
}

export const randomScenario: fc.Arbitrary<string> = fc
  .record({
    selfSnoop: fc.constantFrom('on', 'off'),
    exit: fc.constantFrom('on', 'off'),
    vendor: fc.constantFrom('intel', 'amd'),
    posted: fc.constantFrom(0, 0, 1, 2),
    run: fc.boolean(),
    environment,
    vcpu0: block('vcpu 0 cpu=0', instruction, 3),
    vcpu1: block('vcpu 1 cpu=1', instruction, 2),
    device: block('device gpu', tlp, 3),
    thread: block('thread qemu', call, 2),
    conditions,
  })
  .map((s) =>
    [
      'scenario "random"',
      'machine {',
      `cpu ${s.vendor} count=2 wbinvd-exit=${s.vendor === 'amd' ? 'on' : s.exit} self-snoop=${s.selfSnoop}`,
      'iommu dmar0 vt-d snoop-control=off',
      `device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on posted-writes=${s.posted}`,
      'memory x y = 0 0',
      'memory z = 0',
      ...s.environment,
      '}',
      'setup {',
      'container = open("/dev/vfio/vfio", O_RDWR)',
      'group = open("/dev/vfio/26", O_RDWR)',
      'ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
      'ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0',
      'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0',
      'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&z, iova=&z, size=PAGE}) = 0',
      'kvm = open("/dev/kvm", O_RDWR)',
      'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
      'vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
      ...(s.run ? ['ioctl(vcpu0, KVM_RUN, 0)', 'sched_setaffinity(0, 8, [2])'] : []),
      'vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)',
      ...(s.run ? ['ioctl(vcpu1, KVM_RUN, 0)'] : []),
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
      'gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
      'fd = dup(kvm)',
      '}',
      s.vcpu0,
      s.vcpu1,
      s.device,
      s.thread,
      ...s.conditions,
      '',
    ].join('\n'),
  );
