/**
 * Random guests of two vCPUs with a device that bypasses the caches: all that decides what a guest may rely on, and what
 * hardware does by itself.
 */
import fc from 'fast-check';

export interface GuestProgram {
  readonly options: string;
  readonly deviceOptions: string;
  readonly environment: readonly string[];
  /** What firmware or a driver writes first, by the first vCPU. */
  readonly mtrrs: readonly string[];
  readonly vcpu0: readonly string[];
  readonly vcpu1: readonly string[];
  readonly device: readonly string[];
  readonly host: readonly string[];
}

const word = fc.constantFrom('x', 'y', 'z');
const value = fc.integer({ min: 1, max: 3 });
const simple = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(word, value).map(([w, v]) => `mov [${w}], ${v}`) },
  { weight: 3, arbitrary: word.map((w) => `mov eax, [${w}]`) },
  { weight: 2, arbitrary: fc.tuple(word, value).map(([w, v]) => `movnti [${w}], ${v}`) },
  { weight: 3, arbitrary: fc.constantFrom('wbinvd', 'wbnoinvd', 'mfence', 'sfence', 'mov [gpu.bell], 1') },
  { weight: 1, arbitrary: fc.constantFrom('invd', 'lfence', 'hlt', 'out 0x60, 1', 'mov ebx, [gpu.status]') },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('clflush', 'clflushopt', 'clwb'), word).map(([f, w]) => `${f} [${w}]`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(word, fc.constantFrom('UC', 'UC-', 'WC', 'WT', 'WP', 'WB'))
      .map(([w, type]) => `pat ${w} = ${type}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('wait [gpu.status] == 1', 'wait [gpu.msi0] == 1') },
);
const instruction = fc.oneof(
  { weight: 12, arbitrary: simple.map((one) => [one]) },
  { weight: 1, arbitrary: fc.tuple(simple, simple).map(([a, b]) => ['choose {', a, '} or {', b, '}']) },
);
const tlp = fc.oneof(
  fc.tuple(word, fc.constantFrom(' ns', ' ns', '')).map(([w, ns]) => `r0 = MRd ${w}${ns}`),
  fc.tuple(word, value, fc.constantFrom(' ns', ' ns', '')).map(([w, v, ns]) => `MWr ${w}, ${v}${ns}`),
  fc.constantFrom('wait bell == 1', 'mov status, 1', 'msi 0', 'CfgWr DevCtl, 0', 'CfgWr DevCtl, 0x800'),
);
const hostAction = fc.oneof(
  fc
    .tuple(fc.constantFrom('evict', 'prefetch'), word, fc.constantFrom(0, 1))
    .map(([what, w, cpu]) => `${what} ${w} cpu=${cpu}`),
  fc.constantFrom(0, 1).map((cpu) => `drain cpu=${cpu}`),
  // Alone in its line: a host that writes beside what a device wrote may destroy that, which no bare metal does. And on a
  // CPU of its own: a guest on bare metal discards with INVD what is its own only.
  value.map((v) => `mov [z], ${v} cpu=2`),
);
const switched = fc.constantFrom('on', 'off', 'off');
const rarely = <T>(what: fc.Arbitrary<readonly T[]>): fc.Arbitrary<readonly T[]> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: what });

export const guestProgram: fc.Arbitrary<GuestProgram> = fc.record({
  options: fc
    .tuple(switched, switched, switched)
    .map(([snoop, buffer, supply]) => `self-snoop=${snoop} store-buffer=${buffer} clean-supply=${supply}`),
  deviceOptions: fc.constantFrom('', '', 'posted-writes=2', 'backdoor=on'),
  environment: fc.subarray(['allow evict', 'allow prefetch x', 'allow drain']),
  mtrrs: rarely(
    fc
      .tuple(fc.constantFrom(0, 1, 4, 5), fc.constantFrom('ffffff800', 'ffffef800'))
      .map(([type, mask]) => [`wrmsr IA32_MTRR_PHYSBASE0, 0x10000${type}`, `wrmsr IA32_MTRR_PHYSMASK0, 0x${mask}`]),
  ),
  vcpu0: fc.array(instruction, { minLength: 1, maxLength: 5 }).map((all) => all.flat()),
  vcpu1: fc.array(instruction, { maxLength: 3 }).map((all) => all.flat()),
  device: fc.array(tlp, { minLength: 1, maxLength: 4 }),
  host: rarely(fc.array(hostAction, { minLength: 1, maxLength: 2 })),
});

/** The program with its machine. `told`: KVM is told about the device. */
export function scenarioOf(program: GuestProgram, { told }: { readonly told: boolean }): string {
  return [
    'machine {',
    `cpu intel count=3 ${program.options}`,
    'iommu dmar0 vt-d snoop-control=off',
    `device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on ${program.deviceOptions}`,
    'memory x y = 0 0',
    'memory z = 0',
    ...program.environment,
    '}',
    'setup {',
    'container = open("/dev/vfio/vfio", O_RDWR)',
    'group = open("/dev/vfio/26", O_RDWR)',
    'ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])',
    'ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)',
    'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})',
    'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&z, iova=&z, size=PAGE})',
    'kvm = open("/dev/kvm", O_RDWR)',
    'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    ...(told
      ? [
          'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})',
          'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]})',
        ]
      : []),
    'gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
    'ioctl(vm, KVM_CREATE_VCPU, 0)',
    'ioctl(vm, KVM_CREATE_VCPU, 1)',
    '}',
    'vcpu 0 cpu=0 {',
    ...program.mtrrs,
    ...program.vcpu0,
    '}',
    'vcpu 1 cpu=1 {',
    ...program.vcpu1,
    '}',
    'device gpu {',
    ...program.device,
    '}',
    ...(program.host.length > 0 ? ['host {', ...program.host, '}'] : []),
    'exists gpu.r0 == 1',
    '',
  ].join('\n');
}
