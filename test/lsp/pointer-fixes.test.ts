// A pasted log of strace that shows pointers: what they point to is a fix, one by one or all at once.
import { expect, test } from 'vitest';
import { checkingSnapshot } from '../../server/src/features/diagnostics.ts';
import { withPointerFixes } from '../../server/src/features/pointer-fixes.ts';
import type { Diagnostic, LineEdit } from '../../sim-core/src/index.ts';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { snapshotOf } from './marked.ts';

const MACHINE = `kernel v6.8
machine {
  cpu intel
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:41:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
}
`;
const GROUP = `${MACHINE}setup {
  openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9
  ioctl(9, KVM_CREATE_VM, 0)              = 10
  openat(AT_FDCWD, "/dev/vfio/26", O_RDWR|O_CLOEXEC) = 24
  ioctl(24, VFIO_GROUP_GET_STATUS, 0x7ffd3e3f0a30) = 0
  openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR|O_CLOEXEC) = 25
  ioctl(24, VFIO_GROUP_SET_CONTAINER, 0x55f0c8a1b8f8) = 0
  ioctl(25, VFIO_SET_IOMMU, 0x3)          = 0
  ioctl(10, KVM_CREATE_DEVICE, 0x7ffd3e3f09c4) = 0
  ioctl(26, KVM_SET_DEVICE_ATTR, 0x7ffd3e3f09d0) = 0
  ioctl(25, VFIO_IOMMU_MAP_DMA, 0x7ffd3e3f0860) = 0
  ioctl(24, VFIO_GROUP_GET_DEVICE_FD, 0x55f0c8c01f70) = 27
}
`;
const NAMED = `${MACHINE}setup {
  dev = open("/dev/kvm", O_RDWR)
  vm = ioctl(dev, KVM_CREATE_VM, 0)
  iommufd = open("/dev/iommu", O_RDWR)
  gpufd = open("/dev/vfio/devices/vfio0", O_RDWR)
  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, 0x7ffd3e3f0a30) = 0
  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>space}) = 0
  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0x7ffd3e3f0a40) = 0
  ioctl(iommufd, IOMMU_IOAS_MAP, 0x7ffd3e3f0a40) = 0
  ioctl(vm, KVM_CREATE_DEVICE, 0x7ffd3e3f09c4) = 0
}
`;

function diagnosticsOf(text: string): readonly Diagnostic[] {
  return withPointerFixes(snapshotOf(text), [
    ...toEnd(checkingSnapshot(snapshotOf(text))),
    ...toEnd(predicting(parse(text))),
  ]);
}

function applied(text: string, edits: readonly LineEdit[]): string {
  const lines = text.split('\n');
  for (const { line, span, newText } of edits)
    lines[line] = lines[line]!.slice(0, span.start) + newText + lines[line]!.slice(span.end);
  return lines.join('\n');
}

function allFixed(text: string): string {
  const fix = diagnosticsOf(text)
    .flatMap(({ fixes }) => fixes ?? [])
    .find(({ title }) => /^Write what all \d pointers point to$/.test(title));
  expect(fix?.meaning).toBe('changed');
  return applied(text, fix?.edits ?? []);
}

const changedLines = (before: string, after: string): string[] =>
  after.split('\n').flatMap((line, index) => (line === before.split('\n')[index] ? [] : [line.trim()]));

test('all pointers of a log are written at once, and then it runs as it says', () => {
  const fixed = allFixed(GROUP);
  expect(changedLines(GROUP, fixed)).toEqual([
    'ioctl(24, VFIO_GROUP_GET_STATUS, {}) = 0',
    'ioctl(24, VFIO_GROUP_SET_CONTAINER, [25]) = 0',
    'ioctl(10, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev=26, flags=0}) = 0',
    'ioctl(26, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[24]}) = 0',
    'ioctl(25, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0',
    'ioctl(24, VFIO_GROUP_GET_DEVICE_FD, "0000:41:00.0") = 27',
  ]);
  expect(diagnosticsOf(fixed).filter(({ severity }) => severity === 'error' || severity === 'warning')).toEqual([]);
});

test('names are those of the scenario, and new ones are free', () => {
  const fixed = allFixed(NAMED);
  expect(changedLines(NAMED, fixed)).toEqual([
    'ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=0, iommufd=iommufd, out_devid=>device_id}) = 0',
    'ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {argsz=12, flags=0, pt_id=space}) = 0',
    'ioctl(iommufd, IOMMU_IOAS_MAP, {ioas_id=space, user_va=&x, iova=&x, length=PAGE}) = 0',
    'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev2, flags=0}) = 0',
  ]);
  expect(diagnosticsOf(fixed).filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('one pointer alone is a fix of its own, at the pointer and at the result that it spoils', () => {
  const found = diagnosticsOf(GROUP).filter(({ line }) => line === 13);
  expect(found.map(({ code, fixes }) => [code, fixes?.[0]?.title])).toEqual([
    ['undecoded-pointer', 'Write `[25]`'],
    ['declared-result', 'Write `[25]`'],
  ]);
});

test('nothing is offered where nothing implies what was there', () => {
  const text = `${MACHINE}setup {\n  ioctl(24, KVM_SET_DEVICE_ATTR, 0x55f0c8a1b8f8) = 0\n}\n`;
  const pointer = diagnosticsOf(text).find(({ code }) => code === 'undecoded-pointer');
  expect(pointer).toBeDefined();
  expect(pointer?.fixes ?? []).toEqual([]);
});
