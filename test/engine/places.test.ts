// Where a kernel has its functions: files move, and a refusal names the file of the kernel that runs.
import { describe, expect, it } from 'vitest';
import { profileNamed } from '../../sim-core/src/index.ts';
import { hasFunction, sourceIn } from '../../sim-core/src/kernel/functions.ts';
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
  ['v4.4', 'tdp_page_fault', 'arch/x86/kvm/mmu.c'],
  ['v5.4', 'tdp_page_fault', 'arch/x86/kvm/mmu.c'],
  ['v5.10', 'kvm_tdp_page_fault', 'arch/x86/kvm/mmu/mmu.c'],
  ['v4.4', 'vfio_device_ops.open', 'drivers/vfio/vfio.c'],
  ['v5.10', 'vfio_device_ops.release', 'drivers/vfio/vfio.c'],
  ['v6.1', 'vfio_device_ops.close_device', 'drivers/vfio/vfio_main.c'],
  ['v4.4', 'vfio_pci_ioctl', 'drivers/vfio/pci/vfio_pci.c'],
  ['v5.10', 'vfio_pci_ioctl', 'drivers/vfio/pci/vfio_pci.c'],
  ['v6.0', 'vfio_pci_core_ioctl', 'drivers/vfio/pci/vfio_pci_core.c'],
  ['v6.1', 'vfio_pci_ioctl_get_info', 'drivers/vfio/pci/vfio_pci_core.c'],
  ['v6.0', 'vfio_group_get_device_fd', 'drivers/vfio/vfio_main.c'],
  ['v6.1', 'vfio_group_ioctl_get_device_fd', 'drivers/vfio/vfio_main.c'],
  ['v6.1', 'vfio_device_open', 'drivers/vfio/vfio_main.c'],
  ['v6.5', 'vfio_device_close', 'drivers/vfio/vfio_main.c'],
  ['v6.1', 'kvm_vfio_group_add', 'virt/kvm/vfio.c'],
  ['debian-6.1.192', 'kvm_vfio_file_add', 'virt/kvm/vfio.c'],
  ['v6.6', 'kvm_vfio_set_file', 'virt/kvm/vfio.c'],
  ['v6.6', 'iommufd_hw_pagetable_alloc', 'drivers/iommu/iommufd/hw_pagetable.c'],
  ['v6.7', 'iommufd_hwpt_paging_alloc', 'drivers/iommu/iommufd/hw_pagetable.c'],
  ['v4.4', 'do_get_msr', 'arch/x86/kvm/x86.c'],
  ['v7.2', 'do_set_msr', 'arch/x86/kvm/x86.c'],
  ['v6.12', 'kvm_vm_ioctl_set_memory_region', 'virt/kvm/kvm_main.c'],
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

  /** Names that these kernels do not have: newer ones, and one that no kernel has. */
  const GONE: readonly [kernel: string, ...names: string[]][] = [
    ['v4.4', 'kvm_tdp_page_fault', 'vfio_pci_ioctl_pci_hot_reset', 'vfio_device_ops.open_device'],
    ['v5.10', 'vfio_pci_core_ioctl', 'vfio_pci_ioctl_get_pci_hot_reset_info', 'vfio_device_ops.close_device'],
    ['v6.1', 'vfio_device_close', 'vfio_device_group_close', 'vfio_group_set_kvm', 'kvm_vfio_file_add'],
    ['v6.12', 'kvm_vm_ioctl_set_memory_region2', 'kvm_set_msr', 'iommufd_hw_pagetable_alloc'],
  ];
  it.each(GONE)('%s does not have what is newer or older', (kernel, ...gone) => {
    const { routines } = modelOf(`${machine()}setup {\n}\n`, kernel).world.routines;
    expect(routines.map(({ name }) => name).filter((name) => gone.includes(name))).toEqual([]);
  });

  it.each([
    ['v4.4', 'vfio_device_open', 'vfio_device_close'],
    ['v5.10', 'vfio_device_open', 'vfio_device_close'],
    ['v6.12', 'kvm_vfio_destroy'],
  ])('on %s nothing calls %s', (kernel, ...unreached) => {
    const profile = profileNamed(kernel)!;
    for (const name of unreached)
      expect(hasFunction(profile, sourceIn(profile, 'drivers/vfio/vfio_main.c'), name)).toBe(false);
  });

  it('AMD: where no function of SVM makes the memory type, the one that makes the entry does', () => {
    const amd = machine()
      .replace(/cpu intel\b/, 'cpu amd')
      .replace(/vt-d/g, 'amd-vi');
    const makers = ['v4.4', 'v5.10', 'v5.17', 'v5.18', 'v6.12'].map((kernel) => {
      const { routines } = modelOf(`${amd}setup {\n}\n`, kernel).world.routines;
      return routines
        .filter(({ name }) => /^(?:svm_get_mt_mask|make_spte)$/.test(name))
        .map(({ name, source }) => `${source} ${name}`);
    });
    expect(makers.flat()).toEqual([
      'arch/x86/kvm/svm.c svm_get_mt_mask',
      'arch/x86/kvm/svm/svm.c svm_get_mt_mask',
      'arch/x86/kvm/svm/svm.c svm_get_mt_mask',
      'arch/x86/kvm/mmu/spte.c make_spte',
      'arch/x86/kvm/mmu/spte.c make_spte',
    ]);
  });

  it('a wrong VM type is refused in kvm_arch_init_vm()', () => {
    const { refusals } = modelOf(`${machine()}setup {\n}\n`, 'v6.12').world.refusals;
    const places = refusals.filter(({ found }) => found.startsWith('a VM type')).map(({ place }) => place);
    expect(places).toEqual([1, 2].map(() => ({ name: 'kvm_arch_init_vm', source: 'arch/x86/kvm/x86.c' })));
  });

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
