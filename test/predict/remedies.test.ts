// A failing call has a fix with which it succeeds, where something near is right.
import { expect, test } from 'vitest';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';

const SETUP = `kernel v6.12
machine {
  cpu intel
  iommu dmar0 vt-d
  device nic 0000:02:00.0 iommu=dmar0 group=7
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/7", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {flags=3, vaddr=&x, iova=&x, size=PAGE}) = 0
  nicfd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[group]}) = 0
}
`;
const swapped = (first: string, second: string) => (text: string) => {
  const lines = text.split('\n');
  const [one, other] = [first, second].map((part) => lines.findIndex((line) => line.includes(part))) as [
    number,
    number,
  ];
  [lines[one], lines[other]] = [lines[other]!, lines[one]!];
  return lines.join('\n');
};
const replaced = (part: string, by: string) => (text: string) => text.replace(part, by);
const twice = (part: string) => (text: string) =>
  text.replace(new RegExp(`.*${part}.*\\n`), (line) => `${line}${line.replace(/ = 0/, '')}`);

test.each([
  ['the wrong descriptor', replaced('(vm, KVM_CREATE_DEVICE', '(kvm, KVM_CREATE_DEVICE'), 'Use `vm`'],
  ['a group of another number', replaced('vfio/7"', 'vfio/17"'), 'Open `/dev/vfio/7`'],
  ['a misspelt path', replaced('/dev/kvm', '/dev/kmv'), 'Open `/dev/kvm`'],
  ['another device', replaced('"0000:02:00.0"', '"02:00.0"'), 'Use `0000:02:00.0`'],
  ['too small an argsz', replaced('{flags=3', '{argsz=8, flags=3'), 'Leave out `argsz`'],
  ['too small an argsz, as the last field', replaced('size=PAGE}', 'size=PAGE, argsz=8}'), 'Leave out `argsz`'],
  ['no access', replaced('flags=3', 'flags=0'), 'Let the device read and write'],
  ['a part of a page', replaced('size=PAGE', 'size=100'), 'Change to `size=PAGE`'],
  ['a page and a bit', replaced('size=PAGE', 'size=0x1001'), 'Change to `size=0x2000`'],
  ['the driver before the group', swapped('SET_CONTAINER', 'VFIO_SET_IOMMU'), 'Move it below line 12'],
  ['the mapping before the driver', swapped('VFIO_SET_IOMMU', 'MAP_DMA'), 'Move it below line 13'],
  ['the VM before KVM', swapped('open("/dev/kvm', 'KVM_CREATE_VM'), 'Move it below line 16'],
  ['a group in place of a pointer to it', replaced('addr=[group]', 'addr=group'), 'Pass `[group]`'],
  ['a container in place of a pointer to it', replaced('[container]', 'container'), 'Pass `[container]`'],
  ['added twice', twice('FILE_ADD'), 'Remove this line'],
])('%s', (_, change, title) => {
  const text = change(SETUP);
  const [found] = toEnd(predicting(parse(text)));
  expect(found?.fixes?.map((fix) => fix.title)).toContain(title);
  const lines = text.split('\n');
  const { edits } = found!.fixes!.find((fix) => fix.title === title)!;
  for (const { line, span, newText } of edits)
    lines[line] = lines[line]!.slice(0, span.start) + newText + lines[line]!.slice(span.end);
  expect(toEnd(predicting(parse(lines.join('\n')))).map(({ message }) => message)).toEqual([]);
});

test('a path that other kernels have is not another one', () => {
  const text = SETUP.replace('v6.12', 'v6.5').replace('"/dev/vfio/7"', '"/dev/vfio/devices/vfio0"');
  const [found] = toEnd(predicting(parse(text)));
  expect(found?.fixes?.map(({ title }) => title)).toEqual(['Declare `= -ENOENT`']);
});
