/**
 * Which of the modelled kernel functions a kernel has. Routines are defined for every kernel, because callers name them;
 * a function that no caller reaches on a kernel is none of its functions.
 */
import type { ChangeId } from './changes.ts';
import type { Profile } from './profiles.ts';

/** Files and functions that are there with a change only. A name that ends with a slash means the folder. */
const PRESENCE: readonly { readonly place: string; readonly with: ChangeId }[] = [
  { place: 'virt/kvm/vfio.c', with: 'kvm-vfio-device' },
  { place: 'kvm_vfio_release', with: 'kvm-vfio-release' },
  { place: 'virt/kvm/iommu.c', with: 'legacy-assignment' },
  { place: 'virt/kvm/assigned-dev.c', with: 'legacy-assignment' },
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
  { place: 'iommufd_hwpt_alloc_ioctl', with: 'hwpt-alloc' },
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
