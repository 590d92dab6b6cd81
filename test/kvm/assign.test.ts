// Legacy assignment, which no recorded kernel has any more: checks, coherency and SNP as the kernel source has them.
import { describe, expect, it } from 'vitest';
import { type DeviceId, type Executor, type Model, type PageId, Run, type VmId } from '../../sim-core/src/index.ts';
import { IOPTE } from '../../sim-core/src/iommu/iopte.ts';
import { modelOf, outcome } from './run.ts';

const text = (units: string, devices: string, ...lines: readonly string[]): string => `machine {
  cpu intel count=1
  ${units}
  ${devices}
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
${lines.map((l) => `  ${l}\n`).join('')}}
`;
const both = 'iommu good vt-d snoop-control=on\n  iommu bad vt-d snoop-control=off';
const two =
  'device a 0000:01:00.0 iommu=good group=1 driver=pci-stub no-snoop=on\n  device b 0000:02:00.0 iommu=bad group=2 driver=pci-stub no-snoop=on';
const assign = (id: number, bus: number, flags = 'KVM_DEV_ASSIGN_ENABLE_IOMMU'): string =>
  `ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=${id}, segnr=0, busnr=${bus}, devfn=0, flags=${flags}})`;
const deassign = (id: number): string => `ioctl(vm, KVM_DEASSIGN_PCI_DEVICE, {assigned_dev_id=${id}})`;
const results = (kernel: string, ...lines: readonly string[]): readonly (number | string)[] =>
  outcome(text(both, two, ...lines), kernel).results.slice(2);

/** What KVM believes at the end, and whether the entry of x forces snooping for each device. */
function belief(kernel: string, ...lines: readonly string[]): { noncoherent: number; snoop: boolean[] } {
  const model: Model = modelOf(text(both, two, ...lines), kernel);
  const run = new Run(model);
  run.runToEnd();
  const { executor }: { executor: Executor } = run;
  const { world } = model;
  return {
    noncoherent: world.kvm.noncoherentReasons(executor.machine.state, 0 as VmId),
    snoop: [0 as DeviceId, 1 as DeviceId].map(
      (device) => (world.iommu.lookup(executor.machine, device, 0 as PageId) & IOPTE.snoop) !== 0,
    ),
  };
}

describe('KVM_ASSIGN_PCI_DEVICE', () => {
  it('checks flag, id, function and user, in this order', () => {
    expect(
      results('v3.13', assign(1, 1, '0'), assign(1, 1), assign(1, 9), assign(2, 9), assign(2, 1), assign(2, 2)),
    ).toEqual(['EINVAL', 0, 'EEXIST', 'EINVAL', 'EBUSY', 0]);
  });

  it('needs an IOMMU', () => {
    expect(outcome(text('', 'device a 0000:01:00.0 driver=pci-stub', assign(1, 1)), 'v3.13').results.slice(2)).toEqual([
      'ENODEV',
    ]);
  });

  it('ends with v4.11', () => {
    expect(results('v4.11', assign(1, 1))).toEqual([0]);
    expect(results('v4.12', assign(1, 1), deassign(1))).toEqual(['ENOTTY', 'ENOTTY']);
  });

  it('a device behind a unit with snoop control is coherent', () => {
    for (const kernel of ['v3.12', 'v3.13'])
      expect(belief(kernel, assign(1, 1))).toEqual({ noncoherent: 0, snoop: [true, false] });
  });

  it('a device behind a unit without it is not', () => {
    for (const kernel of ['v3.12', 'v3.13'])
      expect(belief(kernel, assign(1, 2))).toEqual({ noncoherent: 1, snoop: [false, false] });
  });

  it('a second device without it: v3.12 still believes in coherency, v3.13 does not', () => {
    expect(belief('v3.12', assign(1, 1), assign(2, 2)).noncoherent).toBe(0);
    expect(belief('v3.13', assign(1, 1), assign(2, 2))).toEqual({ noncoherent: 1, snoop: [false, false] });
  });

  it('deassigning asks nobody', () => {
    expect(results('v3.13', assign(1, 2), deassign(1), deassign(1))).toEqual([0, 0, 'EINVAL']);
    expect(belief('v3.13', assign(1, 2), deassign(1)).noncoherent).toBe(1);
  });

  it('the end of the VM gives everything back', () => {
    const again = 'vm = ioctl(kvm, KVM_CREATE_VM, 0)';
    expect(results('v3.13', assign(1, 2), 'close(vm)', again, assign(1, 2))).toEqual([0, 0, 4, 0]);
    expect(belief('v3.13', assign(1, 2), 'close(vm)', again).noncoherent).toBe(0);
  });
});
