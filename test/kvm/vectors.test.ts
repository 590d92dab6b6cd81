/**
 * The conformance vectors that follow from the kernel's rules, version by version: 28 calls with their answers, how the
 * count of non-coherent DMA moves, and which CPUs a WBINVD reaches. The first kernel and the last of each column are run.
 */
import { describe, expect, it } from 'vitest';
import { EVENT_WIDTH, NOTE, Run, type VmId } from '../../sim-core/src/index.ts';
import { ADD, ATTACHED, CONTAINER, KVM, machine, modelOf, READY, runSetup } from '../vfio/machine.ts';

/** The columns: kernels whose answers belong together. */
const COLUMNS = [
  ['v3.12'],
  ['v3.13', 'v4.12'],
  ['v4.13', 'v5.18'],
  ['v5.19', 'v6.1'],
  ['v6.2', 'v6.5'],
  ['v6.6', 'v7.3'],
] as const;

interface Vector {
  readonly what: string;
  /** The last call is the one that counts. */
  readonly calls: string;
  readonly machine?: string;
  /** One answer a column; '-' is not asked. */
  readonly answers: readonly [string, string, string, string, string, string];
  /** Kernels to run in place of a column's own: noiommu came with v4.5, and v6.18 answers a wrap in its own way. */
  readonly kernels?: readonly (readonly string[])[];
}

const attr = (group: string | number, attribute: string | number, addr: string): string =>
  `{group=${group}, attr=${attribute}, addr=${addr}}`;
const set = (attribute: string, addr: string): string =>
  `\n  ioctl(dev, KVM_SET_DEVICE_ATTR, ${attr('KVM_DEV_VFIO_GROUP', attribute, addr)})`;
const add = (fd: string): string => set('KVM_DEV_VFIO_GROUP_ADD', `[${fd}]`);
const del = (fd: string): string => set('KVM_DEV_VFIO_GROUP_DEL', `[${fd}]`);
const create = (fields: string): string => `\n  ioctl(vm, KVM_CREATE_DEVICE, {${fields}})`;
const VM = `
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)`;
const NULL = '\n  null = open("/dev/null", O_RDWR)';
const BAD = '0xdead0000';
const NOIOMMU = `machine {
  cpu intel
  device gpu 0000:01:00.0 group=26 no-snoop=on
  memory x = 0
}
`;

const same = (answer: string): Vector['answers'] => ['-', answer, answer, answer, answer, answer];

const VECTORS: readonly Vector[] = [
  {
    what: '1 create with TEST while one exists',
    calls: KVM + create('type=KVM_DEV_TYPE_VFIO, flags=KVM_CREATE_DEVICE_TEST'),
    answers: ['ENODEV', '0', '0', '0', '0', '0'],
  },
  {
    what: '2 create twice',
    calls: KVM + create('type=KVM_DEV_TYPE_VFIO'),
    answers: ['ENODEV', 'EBUSY', 'EBUSY', 'EBUSY', 'EBUSY', 'EBUSY'],
  },
  {
    what: '3 create, close, create',
    calls: `${KVM}\n  close(dev)${create('type=KVM_DEV_TYPE_VFIO')}`,
    answers: ['-', 'EBUSY', 'EBUSY', 'EBUSY', '0', '0'],
  },
  {
    what: '4 create type 0',
    calls: VM + create('type=0'),
    answers: ['ENODEV', 'ENODEV', 'ENODEV', 'ENODEV', 'ENODEV', 'ENODEV'],
  },
  {
    what: '4 create type 9999',
    calls: VM + create('type=9999'),
    answers: ['ENODEV', 'ENODEV', 'ENODEV', 'ENODEV', 'ENODEV', 'ENODEV'],
  },
  {
    what: '5 create with unknown flags',
    calls: VM + create('type=KVM_DEV_TYPE_VFIO, flags=0x80000000'),
    answers: ['ENODEV', '0', '0', '0', '0', '0'],
  },
  {
    what: '6 GET_DEVICE_ATTR through a bad pointer',
    calls: `${KVM}\n  ioctl(dev, KVM_GET_DEVICE_ATTR, ${BAD})`,
    answers: same('EPERM'),
  },
  {
    what: '7 SET of group 2',
    calls: `${KVM}\n  ioctl(dev, KVM_SET_DEVICE_ATTR, ${attr(2, 1, BAD)})`,
    answers: same('ENXIO'),
  },
  {
    what: '8 SET of attribute 99',
    calls: `${KVM}\n  ioctl(dev, KVM_SET_DEVICE_ATTR, ${attr('KVM_DEV_VFIO_GROUP', 99, BAD)})`,
    answers: same('ENXIO'),
  },
  { what: '9 ADD through a bad pointer', calls: KVM + set('KVM_DEV_VFIO_GROUP_ADD', BAD), answers: same('EFAULT') },
  { what: '10 ADD of -1', calls: KVM + add('-1'), answers: same('EBADF') },
  {
    what: '10 ADD of a closed descriptor',
    calls: `${KVM}${NULL}\n  close(null)${add('null')}`,
    answers: same('EBADF'),
  },
  { what: '11 ADD of /dev/null', calls: KVM + NULL + add('null'), answers: same('EINVAL') },
  {
    what: '12 ADD of a group without a container',
    calls: CONTAINER + KVM + add('group'),
    answers: ['-', 'EINVAL', 'EINVAL', '0', '0', '0'],
  },
  {
    what: '13 ADD of a group in a container without a driver',
    calls: ATTACHED + KVM + add('group'),
    answers: ['-', 'EINVAL', 'EINVAL', '0', '0', '0'],
  },
  { what: '14 ADD twice', calls: READY + KVM + ADD + add('group'), answers: same('EEXIST') },
  {
    what: '15 ADD of a duplicate descriptor',
    calls: `${READY}${KVM}${ADD}\n  copy = dup(group)${add('copy')}`,
    answers: same('EEXIST'),
  },
  {
    what: '16 ADD of a device descriptor',
    calls: `${READY}${KVM}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")${add('gpufd')}`,
    answers: ['-', 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', '0'],
  },
  {
    what: '17 ADD of a group, then of its device',
    calls: `${READY}${KVM}${ADD}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")${add('gpufd')}`,
    answers: ['-', '-', '-', '-', '-', '0'],
  },
  { what: '18 DEL of a group that was never added', calls: READY + KVM + del('group'), answers: same('ENOENT') },
  {
    what: '19 DEL of /dev/null',
    calls: KVM + NULL + del('null'),
    answers: ['-', 'EINVAL', 'ENOENT', 'ENOENT', 'ENOENT', 'ENOENT'],
  },
  {
    what: '21 UNSET_CONTAINER of an added group',
    calls: `${READY}${KVM}${ADD}\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)`,
    answers: ['-', 'EBUSY', 'EBUSY', '0', '0', '0'],
  },
  {
    what: '22 ADD in two VMs',
    calls: `${READY}${KVM}${ADD}\n  vm2 = ioctl(kvm, KVM_CREATE_VM, 0)\n  ioctl(vm2, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev2})\n  ioctl(dev2, KVM_SET_DEVICE_ATTR, ${attr('KVM_DEV_VFIO_GROUP', 'KVM_DEV_VFIO_GROUP_ADD', '[group]')})`,
    answers: same('0'),
  },
  {
    what: '23 HAS_DEVICE_ATTR of ADD',
    calls: `${KVM}\n  ioctl(dev, KVM_HAS_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD})`,
    answers: same('0'),
  },
  {
    what: '23 HAS_DEVICE_ATTR of DEL',
    calls: `${KVM}\n  ioctl(dev, KVM_HAS_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_DEL})`,
    answers: same('0'),
  },
  {
    what: '24 HAS_DEVICE_ATTR of SET_SPAPR_TCE',
    calls: `${KVM}\n  ioctl(dev, KVM_HAS_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=3})`,
    answers: same('ENXIO'),
  },
  {
    what: '25 ADD of a noiommu group',
    machine: NOIOMMU,
    calls: `
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/noiommu-26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU)${KVM}${add('group')}`,
    answers: ['-', 'EPERM', 'EPERM', '0', '0', '0'],
    kernels: [[], ['v4.9', 'v4.12']],
  },
  {
    what: '26 SET_CONTAINER with /dev/null',
    calls: `\n  group = open("/dev/vfio/26", O_RDWR)${NULL}\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [null])`,
    answers: ['-', 'EINVAL', 'EINVAL', 'EINVAL', 'EBADFD', 'EBADFD'],
  },
  {
    what: '27 MAP_DMA over a mapping',
    calls: `${READY}\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})`,
    answers: same('EEXIST'),
  },
  {
    what: '28 MAP_DMA that wraps',
    calls: `${READY}\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=0xfffffffffffff000, size=0x2000})`,
    answers: ['-', 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL'],
    kernels: [[], ['v3.13', 'v4.12'], ['v4.13', 'v5.18'], ['v5.19', 'v6.1'], ['v6.2', 'v6.5'], ['v6.6', 'v6.17']],
  },
  {
    what: '28 MAP_DMA that wraps, checked for overflow',
    calls: `${READY}\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=0xfffffffffffff000, size=0x2000})`,
    answers: ['-', '-', '-', '-', '-', 'EOVERFLOW'],
    kernels: [[], [], [], [], [], ['v6.18', 'v7.3']],
  },
];

describe('what a call answers', () => {
  for (const vector of VECTORS) {
    for (const [column, answer] of vector.answers.entries()) {
      if (answer === '-') continue;
      for (const kernel of vector.kernels?.[column] ?? COLUMNS[column] ?? []) {
        it(`${vector.what}: ${answer} on ${kernel}`, () => {
          const { results } = runSetup(vector.machine ?? machine(), vector.calls, kernel);
          expect(String(results.at(-1))).toBe(answer);
        });
      }
    }
  }

  // Number 20: the group loses its viability between ADD and DEL, which takes the host to do.
  for (const [kernel, answer] of [
    ['v3.13', 'EINVAL'],
    ['v4.12', 'EINVAL'],
    ['v4.13', '0'],
    ['v5.18', '0'],
  ] as const) {
    it(`20 DEL of a group that is not viable any more: ${answer} on ${kernel}`, () => {
      const text = `machine {
  cpu intel
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  device audio 0000:01:00.1 iommu=dmar0 group=26 driver=none
  memory x = 0
}
setup {${READY}${KVM}${ADD}
}
host {
  bind 0000:01:00.1 driver=snd_hda_intel
}
thread vmm {
  ${del('group').trim()}
}
schedule host vmm
`;
      const run = new Run(modelOf(text, kernel));
      run.runToEnd();
      const { log } = run;
      const values = Array.from({ length: run.events }, (_, i) => i * EVENT_WIDTH)
        .filter((at) => log[at] === NOTE.done)
        .map((at) => log[at + 3]!);
      expect(values.at(-1)).toBe(answer === '0' ? 0 : -22);
    });
  }
});

const MIXED = `machine {
  cpu intel
  iommu coherent0 vt-d snoop-control=on
  iommu plain0 vt-d snoop-control=off
  iommu plain1 vt-d snoop-control=off
  device nic 0000:02:00.0 iommu=coherent0 group=30 no-snoop=on
  device gpu 0000:01:00.0 iommu=plain0 group=26 no-snoop=on
  device audio 0000:03:00.0 iommu=plain1 group=27 no-snoop=on
  memory x = 0
}
`;
/** A group with a container of its own, and added. */
const owned = (number: number): string => `
  c${number} = open("/dev/vfio/vfio", O_RDWR)
  g${number} = open("/dev/vfio/${number}", O_RDWR)
  ioctl(g${number}, VFIO_GROUP_SET_CONTAINER, [c${number}])
  ioctl(c${number}, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)${add(`g${number}`)}`;

describe('how many reasons for non-coherent DMA KVM counts', () => {
  const JUDGED = ['v5.19', 'v6.1', 'v6.2', 'v6.5', 'v6.6', 'v7.3'];
  for (const [what, calls, count, kernels] of [
    ['ADD of a coherent group', owned(30), 0, JUDGED],
    ['ADD of a non-coherent group', owned(26), 1, ['v3.13', 'v3.15', 'v4.13', ...JUDGED]],
    ['ADD of two non-coherent groups', owned(26) + owned(27), 1, ['v3.13', 'v3.15', 'v4.13', ...JUDGED]],
    ['ADD of both kinds, DEL of the non-coherent one', owned(26) + owned(30) + del('g26'), 0, JUDGED],
    ['close of the device', `${owned(26)}\n  close(dev)`, 0, ['v6.2', 'v6.6', 'v7.3']],
    ['close of the device before it had a release', `${owned(26)}\n  close(dev)`, 1, ['v3.13', 'v5.18', 'v6.1']],
    ['ADD of a coherent group before anybody asked', owned(30), 1, ['v3.13', 'v3.14']],
  ] as const) {
    for (const kernel of kernels)
      it(`${what}: ${count} on ${kernel}`, () => {
        const { model, executor } = runSetup(MIXED, KVM + calls, kernel);
        expect(model.world.kvm.noncoherentReasons(executor.machine.state, 0 as VmId)).toBe(count);
      });
  }
});

describe('which CPUs a WBINVD reaches', () => {
  const program = (registered: boolean, guest: string, host: string): string => `machine {
  cpu intel count=2
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
}
setup {${registered ? READY + KVM + ADD : KVM}
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 cpu=0 {
${guest}
}
host {
${host}
}
`;
  /** For each WBINVD of the guest, the CPUs on which one ran. */
  function reached(text: string, kernel: string): number[][] {
    const run = new Run(modelOf(text, kernel));
    run.runToEnd();
    expect(run.scheduleProblem).toBeUndefined();
    const rounds: number[][] = [];
    for (let at = 0; at < run.events * EVENT_WIDTH; at += EVENT_WIDTH) {
      const [code, a] = [run.log[at], run.log[at + 1]!];
      if (code === NOTE.exit) rounds.push([]);
      if (code === NOTE.wbinvd) rounds.at(-1)?.push(a);
    }
    return rounds.map((cpus) => cpus.sort());
  }
  const moved = 'schedule vcpu0 host vcpu0';
  const twice = 'schedule vcpu0*2';
  for (const [what, guest, host, schedule, old, fixed] of [
    ['one CPU visited', '  wbinvd', '', '', [[]], [[0]]],
    ['two CPUs visited', '  mov eax, 0\n  wbinvd', '  migrate vcpu0 cpu=1', moved, [[0]], [[0, 1]]],
    ['twice without a load between', '  wbinvd\n  wbinvd', '', twice, [[], []], [[0], [0]]],
    ['once, then moved', '  wbinvd\n  wbinvd', '  migrate vcpu0 cpu=1', moved, [[], []], [[0], [1]]],
  ] as const) {
    for (const [kernel, expected] of [
      ['v3.13', old],
      ['v5.11', old],
      ['v5.12', fixed],
      ['v7.3', fixed],
    ] as const)
      it(`${what}: ${JSON.stringify(expected)} on ${kernel}`, () => {
        expect(reached(program(true, guest, host) + schedule, kernel)).toEqual(expected);
      });
  }

  for (const kernel of ['v3.13', 'v5.12', 'v7.3'])
    it(`none while the count is 0, on ${kernel}`, () => {
      expect(reached(program(false, '  wbinvd', ''), kernel).flat()).toEqual([]);
    });
});
