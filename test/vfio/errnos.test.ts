// The errnos of VFIO's calls, kernel by kernel: the state machine of groups and containers, and the checks of its ioctls.
import { describe, expect, it } from 'vitest';
import { ADD, ATTACHED, CONTAINER, KVM, machine, READY, runSetup } from './machine.ts';

type Answer = number | string;

/** What the last call of a script returns on each kernel. */
interface Row {
  readonly name: string;
  readonly script: string;
  readonly answers: Readonly<Record<string, Answer>>;
  readonly machine?: string;
}

const ALL = ['v3.13', 'v3.15', 'v4.14', 'v5.11', 'v5.19', 'v6.1', 'v6.2', 'v6.6', 'v6.12', 'v7.1'];
const everywhere = (answer: Answer): Record<string, Answer> => Object.fromEntries(ALL.map((k) => [k, answer]));
const eras = (counted: Answer, locked: Answer): Record<string, Answer> => ({
  'v3.13': counted,
  'v4.14': counted,
  'v5.18': counted,
  'v5.19': locked,
  'v6.1': locked,
  'v6.6': locked,
  'v7.1': locked,
});
const map = (fields: string): string => `\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {${fields}})`;
const unmap = (fields: string): string => `\n  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {${fields}})`;
const XX = 'vaddr=&x, iova=&x, size=PAGE';

const ROWS: readonly Row[] = [
  // opening
  { name: 'a group opens once', script: `${CONTAINER}\n  open("/dev/vfio/26", O_RDWR)`, answers: everywhere('EBUSY') },
  { name: 'a group that does not exist', script: '\n  open("/dev/vfio/9999", O_RDWR)', answers: everywhere('ENOENT') },
  {
    name: 'a group none of whose devices has a VFIO driver',
    machine: machine().replace('group=27 no-snoop=on', 'group=27 driver=e1000'),
    script: '\n  open("/dev/vfio/27", O_RDWR)',
    answers: everywhere('ENOENT'),
  },
  { name: '/dev/iommu', script: '\n  open("/dev/iommu", O_RDWR)', answers: { 'v6.1': 'ENOENT', 'v6.2': 3, 'v7.1': 3 } },
  {
    name: 'a device node',
    script: '\n  open("/dev/vfio/devices/vfio0", O_RDWR)',
    answers: { 'v6.5': 'ENOENT', 'v6.6': 3, 'v7.1': 3 },
  },
  {
    name: 'reopening a group that was closed with its container set',
    script: `${ATTACHED}\n  close(group)\n  open("/dev/vfio/26", O_RDWR)`,
    answers: everywhere(4),
  },
  // SET_CONTAINER
  {
    name: 'SET_CONTAINER twice',
    script: `${ATTACHED}\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'SET_CONTAINER with no pointer',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, NULL)`,
    answers: everywhere('EFAULT'),
  },
  {
    name: 'SET_CONTAINER with a closed descriptor',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [999])`,
    answers: everywhere('EBADF'),
  },
  {
    name: 'SET_CONTAINER with -1',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [-1])`,
    answers: { 'v3.13': 'EINVAL', 'v5.18': 'EINVAL', 'v6.0': 'EINVAL', 'v6.1': 'EBADF', 'v6.2': 'EBADF' },
  },
  {
    name: 'SET_CONTAINER with a closed descriptor in a container',
    script: `${ATTACHED}\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [999])`,
    answers: { 'v5.18': 'EINVAL', 'v6.0': 'EINVAL', 'v6.1': 'EBADF', 'v6.12': 'EBADF' },
  },
  {
    name: 'SET_CONTAINER with /dev/null',
    script: `${CONTAINER}\n  null = open("/dev/null", O_RDWR)\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [null])`,
    answers: { 'v3.13': 'EINVAL', 'v5.18': 'EINVAL', 'v6.1': 'EINVAL', 'v6.2': 'EBADFD', 'v7.1': 'EBADFD' },
  },
  {
    name: 'SET_CONTAINER of a group that the host drives',
    script:
      '\n  container = open("/dev/vfio/vfio", O_RDWR)\n  group = open("/dev/vfio/28", O_RDWR)\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])',
    answers: eras(0, 'EPERM'),
  },
  // UNSET_CONTAINER
  {
    name: 'UNSET_CONTAINER without one',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'UNSET_CONTAINER while a device is open',
    script: `${READY}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)`,
    answers: everywhere('EBUSY'),
  },
  {
    name: 'UNSET_CONTAINER after the device is closed',
    script: `${READY}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")\n  close(gpufd)\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)`,
    answers: everywhere(0),
  },
  {
    name: 'UNSET_CONTAINER while KVM has the group',
    script: `${READY}${KVM}${ADD}\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)`,
    answers: eras('EBUSY', 0),
  },
  // SET_IOMMU
  {
    name: 'SET_IOMMU of an empty container',
    script: `${CONTAINER}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'SET_IOMMU twice',
    script: `${READY}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'SET_IOMMU with a type that nobody knows',
    script: `${ATTACHED}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_SPAPR_TCE_IOMMU)`,
    answers: everywhere('ENODEV'),
  },
  {
    name: 'SET_IOMMU of the second interface',
    script: `${ATTACHED}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)`,
    answers: { 'v3.13': 'ENODEV', 'v3.14': 'ENODEV', 'v3.15': 0, 'v7.1': 0 },
  },
  {
    name: 'SET_IOMMU without interrupt remapping',
    machine: machine('vt-d interrupt-remapping=off'),
    script: `${ATTACHED}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`,
    answers: everywhere('EPERM'),
  },
  {
    name: 'a second SET_IOMMU after the last group left',
    script: `${READY}\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`,
    answers: everywhere(0),
  },
  // CHECK_EXTENSION
  {
    name: 'DMA_CC without a driver',
    machine: machine('vt-d snoop-control=on'),
    script: `${ATTACHED}\n  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)`,
    answers: everywhere(0),
  },
  {
    name: 'DMA_CC with snoop control',
    machine: machine('vt-d snoop-control=on'),
    script: `${READY}\n  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)`,
    answers: { ...everywhere(1), 'v3.13': 0, 'v3.14': 0 },
  },
  {
    name: 'DMA_CC without snoop control',
    script: `${READY}\n  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)`,
    answers: everywhere(0),
  },
  {
    name: 'DMA_CC on AMD',
    machine: machine('amd-vi'),
    script: `${READY}\n  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)`,
    answers: { 'v3.14': 0, 'v3.15': 1, 'v5.18': 1, 'v5.19': 1, 'v6.12': 1 },
  },
  {
    name: 'nesting',
    script: `${CONTAINER}\n  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1_NESTING_IOMMU)`,
    answers: { 'v3.18': 0, 'v3.19': 1, 'v6.12': 1, 'v6.13': 0 },
  },
  {
    name: 'unmap all',
    script: `${CONTAINER}\n  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL)`,
    answers: { 'v5.11': 0, 'v5.12': 1 },
  },
  {
    name: 'update vaddr without a driver',
    script: `${CONTAINER}\n  ioctl(container, VFIO_CHECK_EXTENSION, VFIO_UPDATE_VADDR)`,
    answers: { 'v5.11': 0, 'v5.12': 1, 'v6.1': 1, 'v6.2': 0 },
  },
  // requests that go elsewhere
  {
    name: 'an unknown request of a container without a driver',
    script: `${CONTAINER}\n  ioctl(container, VFIO_GROUP_UNSET_CONTAINER)`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'an unknown request of a container with a driver',
    script: `${READY}\n  ioctl(container, VFIO_GROUP_UNSET_CONTAINER)`,
    answers: everywhere('ENOTTY'),
  },
  {
    name: 'a container request of a group',
    script: `${CONTAINER}\n  ioctl(group, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`,
    answers: everywhere('ENOTTY'),
  },
  // GET_DEVICE_FD
  {
    name: 'GET_DEVICE_FD without a container',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'GET_DEVICE_FD without a driver of the container',
    script: `${ATTACHED}\n  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'GET_DEVICE_FD of an unknown name',
    script: `${READY}\n  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:09:00.0")`,
    answers: everywhere('ENODEV'),
  },
  {
    name: 'GET_DEVICE_FD of an unknown name without a container',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:09:00.0")`,
    answers: eras('EINVAL', 'ENODEV'),
  },
  {
    name: 'GET_DEVICE_FD of a group that is not viable',
    script:
      '\n  container = open("/dev/vfio/vfio", O_RDWR)\n  group = open("/dev/vfio/28", O_RDWR)\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)\n  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:03:00.0")',
    answers: { 'v3.13': 'EINVAL', 'v5.18': 'EINVAL' },
  },
  {
    name: 'a device opens twice',
    script: `${READY}\n  a = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")\n  b = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")`,
    answers: everywhere(6),
  },
  // GET_STATUS, GET_INFO
  {
    name: 'GET_STATUS with a short structure',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_GET_STATUS, {argsz=4})`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'GET_STATUS with no structure',
    script: `${CONTAINER}\n  ioctl(group, VFIO_GROUP_GET_STATUS, NULL)`,
    answers: everywhere('EFAULT'),
  },
  {
    name: 'IOMMU_GET_INFO without a driver',
    script: `${CONTAINER}\n  ioctl(container, VFIO_IOMMU_GET_INFO, {argsz=24})`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'IOMMU_GET_INFO',
    script: `${READY}\n  ioctl(container, VFIO_IOMMU_GET_INFO, {argsz=24})`,
    answers: everywhere(0),
  },
  // MAP_DMA
  { name: 'MAP_DMA without a driver', script: `${CONTAINER}${map(XX)}`, answers: everywhere('EINVAL') },
  { name: 'MAP_DMA', script: `${READY}${map(XX)}`, answers: everywhere(0) },
  { name: 'MAP_DMA over a mapping', script: `${READY}${map(XX)}${map(XX)}`, answers: everywhere('EEXIST') },
  { name: 'MAP_DMA of nothing', script: `${READY}${map('vaddr=&x, iova=&x, size=0')}`, answers: everywhere('EINVAL') },
  { name: 'MAP_DMA without access', script: `${READY}${map(`flags=0, ${XX}`)}`, answers: everywhere('EINVAL') },
  {
    name: 'MAP_DMA with an unknown flag',
    script: `${READY}${map(`flags=0x83, ${XX}`)}`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'MAP_DMA of half a page',
    script: `${READY}${map('vaddr=&x, iova=&x, size=0x800')}`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'MAP_DMA of an address that is not page aligned',
    script: `${READY}${map('vaddr=0x100001, iova=&x, size=PAGE')}`,
    answers: everywhere('EINVAL'),
  },
  {
    name: 'MAP_DMA of the null page',
    script: `${READY}${map('vaddr=NULL, iova=&x, size=PAGE')}`,
    answers: everywhere('EFAULT'),
  },
  {
    name: 'MAP_DMA that wraps',
    script: `${READY}${map('vaddr=&x, iova=0xfffffffffffff000, size=0x2000')}`,
    answers: { 'v3.13': 'EINVAL', 'v5.18': 'EINVAL', 'v6.17': 'EINVAL', 'v6.18': 'EOVERFLOW' },
  },
  {
    name: 'MAP_DMA above the address width',
    machine: machine('vt-d address-width=39'),
    script: `${READY}${map('vaddr=&x, iova=0x8000000000, size=PAGE')}`,
    answers: { 'v4.14': 'EFAULT', 'v5.3': 'EFAULT', 'v5.4': 'EINVAL', 'v7.1': 'EINVAL' },
  },
  {
    name: 'MAP_DMA of the interrupt range',
    script: `${READY}${map('vaddr=&x, iova=0xfee00000, size=PAGE')}`,
    answers: { 'v5.3': 0, 'v5.4': 'EINVAL', 'v7.1': 'EINVAL' },
  },
  {
    name: 'MAP_DMA high up on AMD',
    machine: machine('amd-vi'),
    script: `${READY}${map('vaddr=&x, iova=0xffffffffffff0000, size=PAGE')}`,
    answers: { 'v5.10': 0, 'v6.16': 0, 'v7.2': 'EINVAL' },
  },
  {
    name: 'MAP_DMA with VADDR where nothing is',
    script: `${READY}${map(`flags=VFIO_DMA_MAP_FLAG_VADDR, ${XX}`)}`,
    answers: { 'v5.11': 'EINVAL', 'v5.12': 'ENOENT', 'v6.12': 'ENOENT' },
  },
  {
    name: 'MAP_DMA with VADDR and access',
    script: `${READY}${map(`flags=7, ${XX}`)}`,
    answers: { 'v5.11': 'EINVAL', 'v5.12': 'EINVAL' },
  },
  // UNMAP_DMA
  { name: 'UNMAP_DMA of nothing', script: `${READY}${unmap('iova=&x, size=0')}`, answers: everywhere('EINVAL') },
  { name: 'UNMAP_DMA where nothing is', script: `${READY}${unmap('iova=&x, size=PAGE')}`, answers: everywhere(0) },
  {
    name: 'UNMAP_DMA with a flag',
    script: `${READY}${unmap('flags=VFIO_DMA_UNMAP_FLAG_ALL, iova=0, size=0')}`,
    answers: { 'v5.11': 'EINVAL', 'v5.12': 0 },
  },
  {
    name: 'UNMAP_DMA of everything with a range',
    script: `${READY}${unmap('flags=VFIO_DMA_UNMAP_FLAG_ALL, iova=0, size=PAGE')}`,
    answers: { 'v5.12': 'EINVAL', 'v6.12': 'EINVAL' },
  },
  {
    name: 'UNMAP_DMA that cuts a mapping, second interface',
    script: `${ATTACHED}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)${map('vaddr=&x, iova=&x, size=0x2000')}${unmap('iova=&x, size=PAGE')}`,
    answers: { 'v3.15': 'EINVAL', 'v6.12': 'EINVAL' },
  },
];

describe('errnos of VFIO', () => {
  for (const row of ROWS) {
    for (const [kernel, expected] of Object.entries(row.answers)) {
      it(`${row.name}: ${expected} on ${kernel}`, () => {
        expect(runSetup(row.machine ?? machine(), row.script, kernel).results.at(-1)).toBe(expected);
      });
    }
  }
});

describe('flags of VFIO_GROUP_GET_STATUS', () => {
  const status = (script: string, kernel: string, text = machine()): number =>
    runSetup(text, `${script}\n  ioctl(group, VFIO_GROUP_GET_STATUS, {argsz=8, flags=>status})`, kernel).value(
      'status',
    );
  for (const kernel of ALL) {
    it(`viable, then in a container too, on ${kernel}`, () => {
      expect(status(CONTAINER, kernel)).toBe(1);
      expect(status(ATTACHED, kernel)).toBe(3);
    });
    it(`not viable next to a host driver on ${kernel}`, () => {
      expect(status('\n  group = open("/dev/vfio/28", O_RDWR)', kernel)).toBe(0);
    });
    it(`viable when the other function has no driver, or a harmless one, on ${kernel}`, () => {
      for (const driver of ['none', 'pci-stub', 'pcieport']) {
        const text = machine().replace('driver=snd_hda_intel', `driver=${driver}`);
        expect(status('\n  group = open("/dev/vfio/28", O_RDWR)', kernel, text)).toBe(1);
      }
    });
  }
});

describe('VFIO_IOMMU_UNMAP_DMA of the first page of three', () => {
  const left = (type: string, kernel: string): number =>
    runSetup(
      machine(),
      `${ATTACHED}\n  ioctl(container, VFIO_SET_IOMMU, ${type})${map('vaddr=&x, iova=0x10000, size=0x3000')}${unmap('iova=0x10000, size=PAGE')}`,
      kernel,
    ).slot('mappingCount');

  it('takes the whole mapping since v3.15, and cuts it before', () => {
    expect(left('VFIO_TYPE1_IOMMU', 'v3.15')).toBe(0);
    expect(left('VFIO_TYPE1_IOMMU', 'v6.12')).toBe(0);
    expect(left('VFIO_TYPE1_IOMMU', 'v3.13')).toBe(1);
  });

  it('is refused by the second interface', () => {
    expect(left('VFIO_TYPE1v2_IOMMU', 'v3.15')).toBe(1);
    expect(left('VFIO_TYPE1v2_IOMMU', 'v6.12')).toBe(1);
  });

  it('returns the bytes in size', () => {
    const script = `${READY}${map('vaddr=&x, iova=0x10000, size=0x3000')}\n  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=0x10000, size=>bytes})`;
    // Binding the field leaves it 0 on the way in, which no kernel accepts.
    expect(runSetup(machine(), script, 'v6.12').results.at(-1)).toBe('EINVAL');
  });
});
