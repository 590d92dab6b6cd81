/**
 * Which of the modelled kernel functions a kernel has. Routines are defined for every kernel, because callers name them;
 * a function that no caller reaches on a kernel is none of its functions.
 */
import { type ChangeId, compareVersions, type Version } from './changes.ts';
import type { Profile } from './profiles.ts';

/** Files and functions that are there with a change only, or without one. A name that ends with a slash means the folder. */
const PRESENCE: readonly { readonly place: string; readonly with?: ChangeId; readonly without?: ChangeId }[] = [
  { place: 'virt/kvm/vfio.c', with: 'kvm-vfio-device' },
  { place: 'kvm_vfio_release', with: 'kvm-vfio-release' },
  { place: 'kvm_vfio_destroy', without: 'kvm-vfio-release' },
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
  { place: 'vfio_device_open', with: 'file-identity' },
  { place: 'vfio_device_close', with: 'file-identity' },
  { place: 'vfio_device_group_close', with: 'file-identity' },
  { place: 'vfio_device_put_kvm', with: 'device-holds-kvm' },
  { place: 'vfio_group_set_kvm', with: 'group-set-kvm' },
  { place: 'vfio_file_set_kvm', with: 'file-identity' },
  { place: 'vfio_external_check_extension', with: 'dma-cc-iommu' },
];

/** Does a kernel have a function of a source file? */
export function hasFunction(profile: Profile, source: string, name: string): boolean {
  return PRESENCE.every(({ place, with: needed, without }) => {
    const meant = place === name || place === source || (place.endsWith('/') && source.startsWith(place));
    if (!meant) return true;
    return (
      (needed === undefined || profile.changes.has(needed)) && (without === undefined || !profile.changes.has(without))
    );
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
  { file: 'arch/arm64/kvm/arm.c', since: 'v5.8', was: 'virt/kvm/arm/arm.c' },
  { file: 'virt/kvm/arm/arm.c', since: 'v4.13', was: 'arch/arm/kvm/arm.c' },
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

/**
 * What a function was called before a release, newest name first. Where its work was a part of another function, that
 * one's name stands for it. `in` is the file of the older name, when it is another one.
 */
const RENAMES: readonly {
  readonly name: string;
  /** A release, or a change that came with the new name and went to stable kernels with it. */
  readonly since: Version | ChangeId;
  readonly was: string;
  readonly in?: string;
}[] = [
  { name: 'iommufd_hwpt_paging_alloc', since: 'v6.7', was: 'iommufd_hw_pagetable_alloc' },
  { name: 'kvm_vfio_set_file', since: 'add-tells-vfio-under-lock', was: 'kvm_vfio_set_group' },
  { name: 'kvm_vfio_file_add', since: 'add-tells-vfio-under-lock', was: 'kvm_vfio_group_add' },
  { name: 'kvm_vfio_file_del', since: 'add-tells-vfio-under-lock', was: 'kvm_vfio_group_del' },
  { name: 'kvm_vfio_file_set_spapr_tce', since: 'add-tells-vfio-under-lock', was: 'kvm_vfio_group_set_spapr_tce' },
  { name: 'vfio_file_set_kvm', since: 'file-add-device-files', was: 'vfio_file_set_kvm', in: 'drivers/vfio/group.c' },
  { name: 'vfio_device_close', since: 'v6.2', was: 'vfio_device_fops_release', in: 'drivers/vfio/vfio_main.c' },
  { name: 'vfio_device_group_close', since: 'v6.2', was: 'vfio_device_fops_release', in: 'drivers/vfio/vfio_main.c' },
  { name: 'vfio_group_ioctl_get_device_fd', since: 'v6.1', was: 'vfio_group_get_device_fd' },
  { name: 'vfio_group_ioctl_set_container', since: 'v6.1', was: 'vfio_group_set_container' },
  { name: 'vfio_group_ioctl_unset_container', since: 'v6.1', was: 'vfio_group_unset_container' },
  { name: 'vfio_group_ioctl_get_status', since: 'v6.1', was: 'vfio_group_fops_unl_ioctl' },
  { name: 'vfio_pci_ioctl_get_info', since: 'v6.1', was: 'vfio_pci_core_ioctl' },
  { name: 'vfio_pci_ioctl_pci_hot_reset', since: 'v6.1', was: 'vfio_pci_core_ioctl' },
  { name: 'vfio_pci_ioctl_get_pci_hot_reset_info', since: 'v6.1', was: 'vfio_pci_core_ioctl' },
  { name: 'make_task_dead', since: 'v5.17', was: 'do_exit' },
  { name: 'vfio_pci_core_ioctl', since: 'v5.15', was: 'vfio_pci_ioctl' },
  { name: 'vfio_device_ops.open_device', since: 'v5.15', was: 'vfio_device_ops.open' },
  { name: 'vfio_device_ops.close_device', since: 'v5.15', was: 'vfio_device_ops.release' },
  { name: 'vfio_iommu_type1_get_info', since: 'v5.9', was: 'vfio_iommu_type1_ioctl' },
  { name: 'kvm_tdp_page_fault', since: 'v5.6', was: 'tdp_page_fault' },
  { name: 'do_get_msr', since: 'v4.2', was: 'kvm_get_msr' },
  { name: 'kvm_emulate_wbinvd_noskip', since: 'v4.1', was: 'kvm_emulate_wbinvd' },
  { name: 'kvm_vm_ioctl_check_extension_generic', since: 'v3.17', was: 'kvm_dev_ioctl_check_extension_generic' },
];

/** Functions that a release took away, and the one that does their work since. */
const MERGED: readonly { readonly name: string; readonly until: Version; readonly now: string; readonly in: string }[] =
  [{ name: 'svm_get_mt_mask', until: 'v5.18', now: 'make_spte', in: 'arch/x86/kvm/mmu/spte.c' }];

/** The name that a function had in a kernel, and its file; `name` and `source` are its last ones. */
export function placeIn(
  profile: Pick<Profile, 'version' | 'changes'>,
  name: string,
  source: string,
): { name: string; source: string } {
  const { version } = profile;
  const merged = MERGED.find((one) => one.name === name && compareVersions(version, one.until) >= 0);
  const last = merged ? { name: merged.now, source: merged.in } : { name, source };
  const place = RENAMES.reduce(
    (here, { name: newer, since, was, in: file }) =>
      here.name === newer && isBefore(profile, since) ? { name: was, source: file ?? here.source } : here,
    last,
  );
  return { name: place.name, source: sourceIn(profile, place.source) };
}

function isBefore({ version, changes }: Pick<Profile, 'version' | 'changes'>, since: Version | ChangeId): boolean {
  return isVersion(since) ? compareVersions(version, since) < 0 : !changes.has(since);
}

function isVersion(since: Version | ChangeId): since is Version {
  return /^v\d/.test(since);
}
