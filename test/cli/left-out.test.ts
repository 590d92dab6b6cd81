// Whatever is left out says so, in `check`, `run`, `explore` and hover, by name and by number: docs/fidelity.md has the list.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hoverAt } from '../../server/src/features/hover.ts';
import { CONSTANTS } from '../../sim-core/src/index.ts';
import { LEFT_OUT, type UnmodelledPart } from '../../sim-core/src/ops/not-modelled.ts';
import { snapshotOf } from '../lsp/marked.ts';
import { snoopscope } from './command.ts';

const { packages }: { packages: readonly { readonly values: Readonly<Record<string, number>> }[] } = JSON.parse(
  readFileSync(new URL('../coverage/headers.json', import.meta.url), 'utf8'),
);

/** A scenario with a statement of `setup`, a vCPU or a device, and options of its hardware. */
function scenario({ call = '', vcpu = '', device = '', cpu = 'intel', option = '' }): string {
  return `kernel v6.18
machine {
  cpu ${cpu}
  iommu unit ${cpu === 'arm64' ? 'smmu' : 'vt-d'}
  device card 0000:01:00.0 iommu=unit no-snoop=on${option}
  memory x = 0
  memory bar = 0 at=0xe0000000${cpu === 'arm64' ? '' : ' backing=mmio'}
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  iommufd = open("/dev/iommu", O_RDWR)
  container = open("/dev/vfio/vfio", O_RDWR)
  ${call}
}
vcpu 0 {
  ${vcpu}
}
device card {
  ${device}
}
exists [x] == 0
`;
}

/** Statements in which a constant, a number or a field is written at a place as the table of what is left out names it. */
const PLACES: Readonly<Record<string, (written: string) => string>> = {
  'KVM_CREATE_VM type': (written) => `ioctl(kvm, KVM_CREATE_VM, ${written})`,
  'kvm_userspace_memory_region2.flags': (written) =>
    `ioctl(vm, KVM_SET_USER_MEMORY_REGION2, {slot=9, flags=${written}, guest_phys_addr=&x, memory_size=PAGE, userspace_addr=&x})`,
  'iommu_hwpt_alloc.flags': (written) => `ioctl(iommufd, IOMMU_HWPT_ALLOC, {flags=${written}, dev_id=1, pt_id=2})`,
  'vfio_iommu_type1_dma_unmap.flags': (written) =>
    `ioctl(container, VFIO_IOMMU_UNMAP_DMA, {flags=${written}, iova=&x, size=PAGE})`,
  'vfio_device_attach_iommufd_pt.flags': (written) =>
    `ioctl(9, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {flags=${written}, pt_id=1})`,
  'vfio_device_detach_iommufd_pt.flags': (written) => `ioctl(9, VFIO_DEVICE_DETACH_IOMMUFD_PT, {flags=${written}})`,
  'vfio_device_bind_iommufd.flags': (written) => `ioctl(9, VFIO_DEVICE_BIND_IOMMUFD, {flags=${written}, iommufd=3})`,
};
const FIELDS: Readonly<Record<string, (written: string) => string>> = {
  guest_memfd: (written) => `ioctl(vm, KVM_SET_USER_MEMORY_REGION2, {slot=9, ${written}=3})`,
  guest_memfd_offset: (written) => `ioctl(vm, KVM_SET_USER_MEMORY_REGION2, {slot=9, ${written}=0})`,
  data_type: (written) => `ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=1, pt_id=2, ${written}=1})`,
  data_len: (written) => `ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=1, pt_id=2, ${written}=8})`,
  data_uptr: (written) => `ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=1, pt_id=2, ${written}=8})`,
  fault_id: (written) => `ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=1, pt_id=2, ${written}=3})`,
  pasid: (written) => `ioctl(9, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=1, ${written}=5})`,
  token_uuid_ptr: (written) => `ioctl(9, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=3, ${written}=0x7000})`,
};
/** Words that are not written as an option of a device. */
const INSTRUCTIONS = /^(?:vm\w+|invept|ld\w+|st\w+|d[cs]\w*|dmb|isb|lw\w+|hwsync|eieio)$/;

interface Touch {
  readonly part: string;
  readonly written: string;
  readonly text: string;
  /** A capability that announces the part: asking for it is fine, and a hint tells. */
  readonly hint?: true;
}

function touches({ part, requests, constants, fields = [], words = [], capabilities = [] }: UnmodelledPart): Touch[] {
  const touch = (written: string, text: string): Touch => ({ part, written, text });
  return [
    ...requests.flatMap((name) => {
      const number = packages.find(({ values }) => name in values)?.values[name];
      const numbers = number === undefined ? [] : [`0x${(number >>> 0).toString(16)}`, String(number >>> 0)];
      return [name, ...numbers].map((written) => touch(written, scenario({ call: `ioctl(vm, ${written}, 0)` })));
    }),
    ...constants.flatMap(([name, value, place]) => {
      const numbers = value === undefined ? [] : [String(value), `0x${value.toString(16)}`];
      const line = PLACES[place ?? 'KVM_CREATE_VM type'];
      return [name, ...numbers].map((written) => touch(written, scenario({ call: line?.(written) ?? '' })));
    }),
    ...fields.map((name) => touch(name, scenario({ call: FIELDS[name]?.(name) ?? '' }))),
    ...words.map((word) => touch(word, scenario(INSTRUCTIONS.test(word) ? { vcpu: word } : { option: ` ${word}=on` }))),
    ...words
      .filter((word) => !INSTRUCTIONS.test(word) && !word.includes('-'))
      .map((word) => touch(word, scenario({ device: `MWr x, 1 ${word}` }))),
    ...capabilities.flatMap((name) => {
      const value = CONSTANTS.find((constant) => constant.name === name)?.value;
      return [name, String(value)].map(
        (written): Touch => ({
          ...touch(written, scenario({ call: `ioctl(vm, KVM_CHECK_EXTENSION, ${written})` })),
          hint: true,
        }),
      );
    }),
  ];
}

const OTHERS: readonly Touch[] = [
  { part: 'peer-to-peer DMA', written: 'card.doorbell', text: scenario({ device: 'MWr card.doorbell, 1' }) },
  { part: 'peer-to-peer DMA', written: 'bar', text: scenario({ device: 'MWr bar, 1' }) },
  {
    part: 'VM types of arm64 and POWER',
    written: '40',
    text: scenario({ cpu: 'arm64', call: 'ioctl(kvm, KVM_CREATE_VM, 40)' }),
  },
  { part: 'guest_memfd', written: '6', text: scenario({ call: PLACES['kvm_userspace_memory_region2.flags']!('6') }) },
  {
    part: 'guest_memfd',
    written: '4',
    text: scenario({ call: PLACES['kvm_userspace_memory_region2.flags']!('KVM_MEM_READONLY|4') }),
  },
];

describe.each(LEFT_OUT)('$part', (one) => {
  const all = [...touches(one), ...OTHERS.filter(({ part }) => part === one.part)];
  test('can be written', () => expect(all).not.toEqual([]));
  test.each(all)('$written', async ({ part, written, text, hint }) => {
    for (const command of ['check -', 'run -', 'explore -']) {
      const { stderr, exitCode } = await snoopscope(command, { stdin: text, columns: 2000 });
      expect(stderr, `${command}: ${text}`).toContain(part);
      expect(stderr, command).toContain('not modelled');
      expect(exitCode, command).toBe(hint ? 0 : 2);
    }
    const whole = new RegExp(`(?<![\\w./-])${written}(?![\\w-])`);
    const lines = text.split('\n');
    const line = lines.findLastIndex((candidate) => whole.test(candidate) && !/^ {2}memory|exists/.test(candidate));
    const column = whole.exec(lines[line]!)!.index;
    const markdown = hoverAt(snapshotOf(text), { line, column })?.markdown;
    expect(markdown).toMatch(hint ? /ot modelled/ : part);
  });
});

test('a TLP that a mapping leads to the registers of a device is refused, too', async () => {
  const text = `kernel v6.12
machine {
  cpu intel
  iommu unit vt-d
  device card 0000:01:00.0 iommu=unit group=1
  memory x = 0
  memory bar = 0 at=0xe0000000 backing=mmio
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/1", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&bar, iova=&x, size=PAGE}) = 0
}
device card {
  MWr x, 1
}
exists [x] == 0
`;
  for (const command of ['check -', 'run -', 'explore -']) {
    const { stdout, stderr, exitCode } = await snoopscope(command, { stdin: text, columns: 2000 });
    expect(stdout + stderr, command).toContain('peer-to-peer DMA is not modelled');
    expect(exitCode, command).not.toBe(0);
  }
});
