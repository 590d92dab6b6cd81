// The legacy container as an iommufd and back: what comes of it is right on its kernel, does the same, and leads back.
import { expect, test } from 'vitest';
import { refactoringsOf } from '../../server/src/features/refactorings.ts';
import { type SetUpRewrite, setUpRewrites } from '../../server/src/features/set-ups.ts';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { described } from '../diagnostics/marks.ts';
import { connected, FULL_CAPABILITIES } from './client.ts';
import { snapshotOf } from './marked.ts';

const CONTAINER = `kernel v6.12
machine {
  cpu intel
  iommu dmar0 vt-d snoop-control=off
  device nic 0000:01:00.0 iommu=dmar0 group=25
  device gpu 0000:02:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {flags=VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE, vaddr=&x, iova=&x, size=PAGE}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov [x], 1
  mov [gpu.doorbell], 1
}
device gpu {
  wait doorbell == 1
  r0 = MRd x ns
}
thread vmm {
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_DEL, addr=[group]}) = 0
}
exists gpu.r0 == 1
`;

function rewritten(text: string, at: string, kernel = 'v6.12'): SetUpRewrite {
  const line = text.split('\n').findIndex((one) => one.includes(at));
  const [rewrite, ...others] = setUpRewrites(snapshotOf(text, { kernel }), line);
  expect(others).toEqual([]);
  return rewrite!;
}

function applied(text: string, rewrite: SetUpRewrite): string {
  if ('refused' in rewrite) throw new Error(rewrite.refused);
  return text
    .split('\n')
    .flatMap((line, index) => rewrite.lines.get(index) ?? [line])
    .join('\n');
}

function wrong(text: string): string[] {
  const parsed = parse(text);
  return [...parsed.diagnostics, ...checkText(parsed), ...toEnd(predicting(parsed))]
    .filter(({ severity }) => severity === 'error' || severity === 'warning')
    .map(described);
}

test('a container becomes an iommufd, which a kernel takes, and the container again', () => {
  expect(wrong(CONTAINER)).toEqual([]);
  const there = rewritten(CONTAINER, 'SET_CONTAINER');
  expect(there.title).toBe('Set up with iommufd');
  const iommufd = applied(CONTAINER, there);
  expect(iommufd).toContain(`  iommufd = open("/dev/iommu", O_RDWR)
  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas}) = 0
  gpufd = open("/dev/vfio/devices/vfio1", O_RDWR)
  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd}) = 0
  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas}) = 0
  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE, ioas_id=ioas, user_va=&x, length=PAGE, iova=&x}) = 0
  kvm =`);
  expect(iommufd).toContain('attr=KVM_DEV_VFIO_FILE_DEL, addr=[gpufd]}) = 0\n}\nexists');
  expect(wrong(iommufd)).toEqual([]);
  const back = rewritten(iommufd, 'IOMMU_IOAS_MAP');
  expect(back.title).toBe('Set up with a VFIO container');
  const again = applied(iommufd, back);
  expect(wrong(again)).toEqual([]);
  // The device is opened where it was attached: the only line that has moved.
  const sorted = (text: string): string[] => text.split('\n').sort();
  expect(sorted(again)).toEqual(sorted(CONTAINER));
});

test.each([
  ['kernel v6.12', 'kernel v6.5', 'Device files are in v6.6 and later, and the scenario is about v6.5 too.'],
  ['exists gpu.r0 == 1', 'exists gpu.r0 == 1 on v5.18..v6.12', 'about v5.18 too'],
  ['VFIO_TYPE1v2_IOMMU', 'VFIO_NOIOMMU_IOMMU', 'Line 13 sets a driver other than type 1.'],
  ['PAGE}) = 0', 'PAGE}) = -EINVAL', 'Line 14 declares that its call fails.'],
  ['  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")\n', '', 'Nothing opens a device of `group`'],
  ['  vcpu0 =', '  ioctl(group, VFIO_GROUP_GET_STATUS, {}) = 0\n  vcpu0 =', 'Line 20 calls VFIO_GROUP_GET_STATUS'],
  ['exists gpu.r0 == 1', 'exists group == 4', 'Line 33 uses `group` in another way.'],
])('refused: %s → %s', (part, instead, reason) => {
  const text = CONTAINER.replace(part, instead);
  const kernel = /kernel (\S+)/.exec(text)![1]!;
  expect(rewritten(text, 'SET_CONTAINER', kernel)).toMatchObject({ refused: expect.stringContaining(reason) });
});

test('the way back is refused where a container could not do it', () => {
  const iommufd = applied(CONTAINER, rewritten(CONTAINER, 'SET_CONTAINER'));
  const refused = (part: string, instead: string): unknown => rewritten(iommufd.replace(part, instead), 'BIND_IOMMUFD');
  expect(refused('IOMMU_IOAS_MAP_FIXED_IOVA|', '')).toMatchObject({
    refused: expect.stringContaining('lets the kernel choose the address'),
  });
  expect(
    refused('  gpufd = open', '  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>more}) = 0\n  gpufd = open'),
  ).toMatchObject({
    refused: expect.stringContaining('a second IOAS'),
  });
});

test('it is offered at its calls alone, and a refusal only where a client shows one', async () => {
  const uri = 'file:///a.snoop';
  const text = CONTAINER.replace('kernel v6.12', 'kernel v6.1');
  const lines = text.split('\n');
  expect(refactoringsOf(snapshotOf(CONTAINER, { kernel: 'v6.12' }), 15, 15)).toEqual([]);
  for (const disabledSupport of [true, false]) {
    const client = connected();
    const { textDocument } = FULL_CAPABILITIES;
    await client.initialize({ capabilities: { textDocument: { ...textDocument, codeAction: { disabledSupport } } } });
    await client.open(uri, text);
    const at = { line: lines.findIndex((line) => line.includes('SET_CONTAINER')), character: 3 };
    const actions = await client.request('textDocument/codeAction', {
      textDocument: { uri },
      range: { start: at, end: at },
      context: { diagnostics: [], only: ['refactor.rewrite'] },
    });
    const action = { title: 'Set up with iommufd', disabled: { reason: expect.stringContaining('v6.6 and later') } };
    expect(actions).toMatchObject(disabledSupport ? [action] : []);
  }
});
