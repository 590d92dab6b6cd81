/**
 * Which of the modelled kernel functions a kernel has. Routines are defined for every kernel, because callers name them;
 * a function that no caller reaches on a kernel is none of its functions.
 */
import { type ChangeId, compareVersions, type Version } from './changes.ts';
import type { Profile } from './profiles.ts';

/** Files and functions that are there with a change only. A name that ends with a slash means the folder. */
const PRESENCE: readonly { readonly place: string; readonly with: ChangeId }[] = [
  { place: 'virt/kvm/vfio.c', with: 'kvm-vfio-device' },
  { place: 'kvm_vfio_release', with: 'kvm-vfio-release' },
  { place: 'virt/kvm/iommu.c', with: 'legacy-assignment' },
  { place: 'virt/kvm/assigned-dev.c', with: 'legacy-assignment' },
  { place: 'arch/x86/kvm/iommu.c', with: 'legacy-assignment' },
  { place: 'arch/x86/kvm/assigned-dev.c', with: 'legacy-assignment' },
  { place: 'kvm_arch_register_noncoherent_dma', with: 'noncoherent-dma-count' },
  { place: 'kvm_arch_unregister_noncoherent_dma', with: 'noncoherent-dma-count' },
  { place: 'kvm_noncoherent_dma_assignment_start_or_stop', with: 'zap-on-noncoherent-change' },
  { place: 'kvm_arch_tsc_has_attr', with: 'vcpu-attributes' },
  { place: 'kvm_arch_tsc_get_attr', with: 'vcpu-attributes' },
  { place: 'kvm_arch_tsc_set_attr', with: 'vcpu-attributes' },
  { place: 'kvm_x86_dev_has_attr', with: 'system-attributes' },
  { place: 'kvm_x86_dev_get_attr', with: 'system-attributes' },
  { place: 'kvm_vm_ioctl_enable_cap', with: 'vm-enable-cap' },
  { place: 'intel_iommu_enforce_cache_coherency', with: 'enforce-cache-coherency' },
  { place: 'amd_iommu_enforce_cache_coherency', with: 'enforce-cache-coherency' },
  { place: 'arm_smmu_enforce_cache_coherency', with: 'smmu-enforce-coherency' },
  { place: 'drivers/iommu/iommufd/', with: 'iommufd' },
  { place: 'iommufd_hwpt_alloc', with: 'hwpt-alloc' },
  { place: 'drivers/vfio/device_cdev.c', with: 'vfio-cdev' },
  { place: 'vfio_device_group_close', with: 'file-identity' },
  { place: 'vfio_device_put_kvm', with: 'device-holds-kvm' },
  { place: 'vfio_group_set_kvm', with: 'group-set-kvm' },
  { place: 'vfio_file_set_kvm', with: 'file-identity' },
  { place: 'vfio_external_check_extension', with: 'dma-cc-iommu' },
];

/** Does a kernel have a function of a source file? */
export function hasFunction(profile: Profile, source: string, name: string): boolean {
  return PRESENCE.every(({ place, with: change }) => {
    const meant = place === name || place === source || (place.endsWith('/') && source.startsWith(place));
    return !meant || profile.changes.has(change);
  });
}

/** Where a file was before it moved, newest move first: a file of a kernel before `since` has the name that is `was`. */
const MOVES: readonly { readonly file: string; readonly since: Version; readonly was: string }[] = [
  { file: 'drivers/vfio/group.c', since: 'v6.2', was: 'drivers/vfio/vfio_main.c' },
  { file: 'drivers/vfio/container.c', since: 'v6.1', was: 'drivers/vfio/vfio_main.c' },
  { file: 'drivers/vfio/vfio_main.c', since: 'v6.0', was: 'drivers/vfio/vfio.c' },
  { file: 'drivers/vfio/pci/vfio_pci_core.c', since: 'v5.15', was: 'drivers/vfio/pci/vfio_pci.c' },
  { file: 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c', since: 'v5.9', was: 'drivers/iommu/arm-smmu-v3.c' },
  { file: 'drivers/iommu/intel/iommu.c', since: 'v5.8', was: 'drivers/iommu/intel-iommu.c' },
  { file: 'drivers/iommu/amd/iommu.c', since: 'v5.8', was: 'drivers/iommu/amd_iommu.c' },
  { file: 'arch/x86/kvm/svm/svm.c', since: 'v5.7', was: 'arch/x86/kvm/svm.c' },
  { file: 'arch/x86/kvm/mmu/mmu.c', since: 'v5.5', was: 'arch/x86/kvm/mmu.c' },
  { file: 'arch/x86/kvm/vmx/vmx.c', since: 'v5.0', was: 'arch/x86/kvm/vmx.c' },
  { file: 'arch/x86/kvm/iommu.c', since: 'v3.19', was: 'virt/kvm/iommu.c' },
  { file: 'arch/x86/kvm/assigned-dev.c', since: 'v3.19', was: 'virt/kvm/assigned-dev.c' },
];

/** The name that a source file had in a kernel; `source` is its last one. */
export function sourceIn({ version }: Pick<Profile, 'version'>, source: string): string {
  return MOVES.reduce(
    (file, { file: moved, since, was }) => (file === moved && compareVersions(version, since) < 0 ? was : file),
    source,
  );
}
