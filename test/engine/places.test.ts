// Where a kernel has its functions: files move, and a refusal names the file of the kernel that runs.
import { describe, expect, it } from 'vitest';
import { profileNamed } from '../../sim-core/src/index.ts';
import { sourceIn } from '../../sim-core/src/kernel/functions.ts';
import { machine, modelOf } from '../vfio/machine.ts';

const NAMES: readonly [kernel: string, name: string, source: string][] = [
  ['v4.4', 'vfio_ioctl_set_iommu', 'drivers/vfio/vfio.c'],
  ['v5.10', 'vfio_ioctl_set_iommu', 'drivers/vfio/vfio.c'],
  ['v6.0', 'vfio_ioctl_set_iommu', 'drivers/vfio/vfio_main.c'],
  ['v6.1', 'vfio_ioctl_set_iommu', 'drivers/vfio/container.c'],
  ['v6.12', 'vfio_ioctl_set_iommu', 'drivers/vfio/container.c'],
  ['v6.1', 'vfio_container_attach_group', 'drivers/vfio/container.c'],
  ['v6.1', 'vfio_group_ioctl_unset_container', 'drivers/vfio/vfio_main.c'],
  ['v6.1', 'vfio_group_ioctl_get_status', 'drivers/vfio/vfio_main.c'],
  ['v6.12', 'vfio_group_ioctl_get_status', 'drivers/vfio/group.c'],
  ['v4.4', 'kvm_zap_gfn_range', 'arch/x86/kvm/mmu.c'],
  ['v5.10', 'kvm_zap_gfn_range', 'arch/x86/kvm/mmu/mmu.c'],
  ['v4.4', 'vmx_get_mt_mask', 'arch/x86/kvm/vmx.c'],
  ['v5.10', 'vmx_get_mt_mask', 'arch/x86/kvm/vmx/vmx.c'],
  ['v3.13', 'kvm_iommu_map_memslots', 'virt/kvm/iommu.c'],
  ['v4.4', 'kvm_iommu_map_memslots', 'arch/x86/kvm/iommu.c'],
];

describe('the files of functions', () => {
  for (const [kernel, name, source] of NAMES) {
    it(`${kernel}: ${name}() is in ${source}`, () => {
      const { routines } = modelOf(`${machine()}setup {\n}\n`, kernel).world.routines;
      expect(routines.filter((routine) => routine.name === name).map((routine) => routine.source)).toContain(source);
    });
  }

  it('VT-d refuses a device with an RMRR in its own function', () => {
    for (const [kernel, source] of [
      ['v4.4', 'drivers/iommu/intel-iommu.c'],
      ['v5.10', 'drivers/iommu/intel/iommu.c'],
    ] as const) {
      const { refusals } = modelOf(`${machine()}setup {\n}\n`, kernel).world.refusals;
      const place = refusals.find(({ found }) => found.includes('RMRR'))?.place;
      expect(place).toEqual({ name: 'intel_iommu_attach_device', source });
    }
  });

  it('a file that never moved is what it is', () => {
    expect(sourceIn(profileNamed('v3.12')!, 'virt/kvm/kvm_main.c')).toBe('virt/kvm/kvm_main.c');
  });
});
