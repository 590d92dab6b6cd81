/**
 * On every kind of machine each option changes a run, or a hint says that it has no effect there: never neither, and never
 * both. `accepted.test.ts` asks only whether an option acts somewhere.
 */
import { describe, expect, it } from 'vitest';
import { checkText, EVENT_WIDTH, elaborate, parse, profileNamed, Run } from '../../sim-core/src/index.ts';
import { MACHINE_OPTIONS, type OptionOwner } from '../../sim-core/src/scenario/machine-options.ts';

const MACHINES: readonly (readonly [cpu: string, unit: string])[] = [
  ['intel', 'vt-d'],
  ['intel', 'none'],
  ['amd', 'amd-vi'],
  ['amd', 'none'],
  ['arm64', 'smmu'],
  ['power', 'spapr'],
];
const OWNERS = ['cpu', 'iommu', 'device', 'memory', 'vcpu'] as const satisfies readonly OptionOwner[];
/** One of each era of the rules that options touch. */
const KERNELS = ['v5.11', 'v3.13', 'v4.2', 'v5.17', 'v6.5', 'v6.12', 'v6.19'];
/** They name something or say how much of it there is. */
const NAMES: ReadonlySet<string> = new Set(['iommu', 'group', 'page', 'at', 'cpu', 'driver', 'count', 'posted-writes']);
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['cpu clean-supply', 'allows a move that a plain run never makes: scenarios/caches/clean-copy-of-another-cpu.snoop'],
  ['device backdoor amd-vi', 'v1 tables force coherency of every access, so that only page-table=v2 shows it'],
  ['device backdoor none', 'is told from the attribute of a TLP, which nothing overrides here, by its flags alone'],
]);

const X86_GUEST = `  wrmsr IA32_MTRR_PHYSMASK0, 0xfffff00000800
  wbinvd
  pat x = UC
  mov [x], 3
  clflushopt [x]
  mov ecx, [x]
`;
const DEVICE = `device d {
  wait doorbell == 1
  r0 = MRd x ns
  MWr x, 5
  CfgWr DevCtl, 0x0
  r1 = MRd x ns
}
`;

type Given = { readonly [Owner in (typeof OWNERS)[number]]?: string };

function text(cpu: string, unit: string, given: Given, reset: boolean): string {
  const x86 = cpu === 'intel' || cpu === 'amd';
  const driver = cpu === 'power' ? 'VFIO_SPAPR_TCE_IOMMU' : 'VFIO_TYPE1_IOMMU';
  const option = (owner: keyof Given): string => given[owner] ?? '';
  const firmware = reset && x86 && given.vcpu === undefined ? 'firmware=off' : option('vcpu');
  return `machine {
  cpu ${cpu} count=2 ${option('cpu')}
  iommu u ${unit} ${option('iommu')}
  device d 0000:01:00.0 iommu=u group=26 no-snoop=on ${option('device')}
  memory x = 0 ${option('memory')}
  memory y = 0 at=0x200000 ${option('memory')}
  memory z = 0 at=0x201000 ${option('memory')}
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  g = open("/dev/vfio/26", O_RDWR)
  ioctl(g, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, ${driver})
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=0x10000000000, size=PAGE})
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[g]})
  ioctl(g, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 cpu=0 ${firmware} {
  mov eax, [x]
  mov [x], 1
  mov [x], 2
  mov eax, [y]
  mov ebx, [z]
${x86 ? X86_GUEST : ''}  mov [d.doorbell], 1
}
${cpu === 'power' ? '' : DEVICE}forall [x] == 3
`;
}

/** What happens on a kernel. */
function observed(cpu: string, unit: string, given: Given, reset: boolean, kernel: string): string {
  const { model, diagnostics } = elaborate(parse(text(cpu, unit, given, reset)), { profile: profileNamed(kernel)! });
  if (!model) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  const run = new Run(model);
  run.runToEnd();
  return run.log.slice(0, run.events * EVENT_WIDTH).join();
}

describe.each(MACHINES)('cpu %s, iommu %s', (cpu, unit) => {
  const plain = new Map<string, string>();
  const before = (reset: boolean, kernel: string): string => {
    const key = `${reset} ${kernel}`;
    if (!plain.has(key)) plain.set(key, observed(cpu, unit, {}, reset, kernel));
    return plain.get(key)!;
  };
  const differs = (given: Given): boolean =>
    KERNELS.some((kernel) =>
      [false, true].some((reset) => observed(cpu, unit, given, reset, kernel) !== before(reset, kernel)),
    );
  for (const owner of OWNERS) {
    for (const { key, values, range } of MACHINE_OPTIONS[owner]) {
      if (NAMES.has(key)) continue;
      const reason = ELSEWHERE.get(`${owner} ${key}`) ?? ELSEWHERE.get(`${owner} ${key} ${unit}`);
      const tried = Array.isArray(values) ? values : (range ?? []).map(String);
      it(`${owner} ${key} acts, or a hint says that it does not`, () => {
        const acts = tried.some((value) => differs({ [owner]: `${key}=${value}` }));
        const said = tried.some((value) =>
          checkText(parse(text(cpu, unit, { [owner]: `${key}=${value}` }, false))).some(
            ({ code, message }) => code === 'no-effect' && message.startsWith(`\`${key}\``),
          ),
        );
        expect({ acts: acts || reason !== undefined, said }).toEqual({ acts: !said, said });
      });
    }
  }
});
