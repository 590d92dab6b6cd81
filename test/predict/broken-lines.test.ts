// A broken line costs only itself: what does not depend on it is predicted all the same.
import { expect, test } from 'vitest';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';

const SETUP = [
  '  container = open("/dev/vfio/vfio", O_RDWR)',
  '  group = open("/dev/vfio/26", O_RDWR)',
  '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
  '  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0',
  '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0',
  '  kvm = open("/dev/kvm", O_RDWR)',
  '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
  '  close(kvm) = 0',
  '  close(kvm) = 0',
  '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
  '  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0',
  '  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
];

function scenario(change: (line: string) => string, device = '  r0 = MRd x'): string {
  return [
    'kernel v6.6',
    'machine {',
    '  cpu intel',
    '  iommu dmar0 vt-d',
    '  device gpu 0000:01:00.0 iommu=dmar0 group=26',
    '  memory x = 0',
    '}',
    'setup {',
    ...SETUP.map(change),
    '}',
    'device gpu {',
    device,
    '}',
    'exists gpu.r0 == 0',
    '',
  ].join('\n');
}

const instead = (part: string, broken: string) => (line: string) => (line.includes(part) ? broken : line);

/** The second close: the only thing that is wrong in every case but for the broken line. */
const CLOSED = 'declared-result at `close(kvm) = 0`';

const BROKEN: readonly (readonly [what: string, text: string])[] = [
  ['a semicolon', scenario(instead('KVM_CREATE_VM', '  vm = ioctl(kvm, KVM_CREATE_VM, 0);'))],
  ['a misspelt call', scenario(instead('SET_CONTAINER', '  iotcl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0'))],
  ['a line without its end', scenario(instead('SET_CONTAINER', '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [conta'))],
  ['a line that is just begun', scenario(instead('SET_CONTAINER', '  ioctl(group, '))],
  ['a binding without its end', scenario(instead('/dev/vfio/26', '  group = open('))],
  [
    'an output that is cut off',
    scenario(instead('CREATE_DEVICE', '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM, fd=>dev')),
  ],
  ['a device that does nothing yet', scenario((line) => line, '  r0 = MRd ')],
  [
    'a word that is not declared',
    scenario(instead('MAP_DMA', '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&zz}) = 0')),
  ],
];

test.each(BROKEN)('%s', (_, text) => {
  const parsed = parse(text);
  const errors = [...parsed.diagnostics, ...checkText(parsed)].filter(({ severity }) => severity === 'error');
  expect(errors.map(({ message }) => message)).toHaveLength(1);
  const found = toEnd(predicting(parsed)).map(({ code, line }) => `${code} at \`${parsed.lines[line]?.text.trim()}\``);
  expect(found).toEqual([CLOSED]);
});

test('descriptors after a call that is left out have no number yet', () => {
  const text = scenario(instead('/dev/vfio/26', '  group = open(')).replace(
    'KVM_CREATE_VM, 0)',
    'KVM_CREATE_VM, 0) = 6',
  );
  expect(toEnd(predicting(parse(text))).map(({ code, line }) => [code, line])).toEqual([['declared-result', 16]]);
});

test('a request that is not named yet could be any', () => {
  const text = scenario(instead('KVM_CREATE_DEVICE', '  ioctl(')).replace(
    'close(kvm) = 0\n  close',
    'close(kvm) = 0\n  ioctl(\n  close',
  );
  expect(toEnd(predicting(parse(text)))).toEqual([]);
});

test('nothing is predicted where the blocks are in doubt', () => {
  const text = scenario((line) => line).replace('device gpu {', 'device gpu [');
  expect(toEnd(predicting(parse(text)))).toEqual([]);
});
