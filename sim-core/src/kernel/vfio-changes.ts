/** Rows of the change table for VFIO, the IOMMU drivers and iommufd. */
import type { Change } from './changes.ts';

export const VFIO_CHANGES = [
  {
    id: 'noiommu',
    subject: 'vfio: Include No-IOMMU mode',
    first: 'v4.5',
    effect:
      'A device without an IOMMU gets a group of its own, /dev/vfio/noiommu-N, and may only use VFIO_NOIOMMU_IOMMU.',
    where: 'drivers/vfio/vfio.c vfio_create_group()',
    bracketed: 'after v4.2, in v4.9',
  },
  {
    id: 'type1-multi-domain',
    subject: 'vfio/iommu_type1: Multi-IOMMU domain support',
    commit: '1ef3e2bc0422',
    first: 'v3.15',
    effect:
      'A container has a domain for each kind of mapping; mappings ask for IOMMU_CACHE where the IOMMU is coherent; VFIO_TYPE1v2_IOMMU and VFIO_DMA_CC_IOMMU exist.',
    where: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_attach_group()',
  },
  {
    id: 'machine-wide-snoop-control',
    subject: 'iommu/vt-d: snooping support is a property of all active IOMMUs together',
    first: 'v3.17',
    until: 'v5.19',
    effect:
      'A VT-d domain forces snooping if every active unit of the machine has snoop control; before, every unit that the domain uses.',
    where: 'drivers/iommu/intel-iommu.c domain_update_iommu_snooping()',
  },
  {
    id: 'type1-nesting',
    subject: 'vfio/iommu_type1: add new VFIO_TYPE1_NESTING_IOMMU IOMMU type',
    first: 'v3.19',
    until: 'v6.13',
    effect: 'VFIO_CHECK_EXTENSION knows VFIO_TYPE1_NESTING_IOMMU.',
    where: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_ioctl()',
    bracketed: 'gone after v6.12, before v6.16.3',
  },
  {
    id: 'mdev',
    subject: 'vfio: Mediated device Core driver',
    first: 'v4.10',
    effect: 'Mediated devices: groups whose devices have no IOMMU domain of their own.',
    where: 'drivers/vfio/mdev/mdev_core.c',
  },
  {
    id: 'driver-calls-without-group-lock',
    subject: 'vfio: Remove unnecessary uses of vfio_container.group_lock',
    commit: '7f56c30bd0a2',
    first: 'v4.14',
    effect:
      'Requests that a container passes to its IOMMU driver no longer hold the container while they run, so that its last group may leave meanwhile.',
    where: 'drivers/vfio/vfio.c vfio_fops_unl_ioctl()',
    bracketed: 'merged in 2017; the lock is there in v3.15 and not in v6.2',
  },
  {
    id: 'type1-iova-list',
    subject: 'vfio/type1: check dma map request is within a valid iova range',
    commit: '9b77e5c79840',
    first: 'v5.4',
    effect: 'MAP_DMA outside the aperture or in a reserved region is EINVAL.',
    where: 'drivers/vfio/vfio_iommu_type1.c vfio_dma_do_map()',
  },
  {
    id: 'type1-unmap-all',
    subject: 'vfio/type1: implement unmap all',
    first: 'v5.12',
    effect: 'VFIO_DMA_UNMAP_FLAG_ALL, VFIO_DMA_UNMAP_FLAG_VADDR and VFIO_DMA_MAP_FLAG_VADDR exist.',
    where: 'drivers/vfio/vfio_iommu_type1.c vfio_dma_do_unmap()',
  },
  {
    id: 'dma-owner',
    subject: 'vfio: Set DMA ownership for VFIO devices',
    commit: '70693f470848',
    first: 'v5.19',
    effect:
      'SET_CONTAINER claims the DMA of the whole IOMMU group, and a host driver cannot bind to a claimed group; before, viability was looked at when it mattered.',
    where: 'drivers/iommu/iommu.c iommu_group_claim_dma_owner()',
  },
  {
    id: 'device-name-before-container',
    subject: 'vfio: GET_DEVICE_FD looks the name up first',
    first: 'v5.19',
    effect: 'GET_DEVICE_FD with an unknown name is ENODEV also in a group without a container.',
    where: 'drivers/vfio/vfio.c vfio_group_ioctl_get_device_fd()',
    bracketed: 'after v5.17, in v5.19',
  },
  {
    id: 'group-lock-mutex',
    subject: 'vfio: Change vfio_group->group_rwsem to a mutex',
    first: 'v6.1',
    effect: 'The lock of a group is a mutex called group_lock; before, a read-write semaphore called group_rwsem.',
    where: 'drivers/vfio/vfio_main.c',
  },
  {
    id: 'set-container-looks-file-up-first',
    subject: 'vfio: SET_CONTAINER looks the descriptor up before anything else',
    first: 'v6.1',
    effect: 'A descriptor that is not open is EBADF, negative ones included, and also when the group has a container.',
    where: 'drivers/vfio/vfio_main.c vfio_group_ioctl_set_container()',
    bracketed: 'after v6.0, in v6.1',
  },
  {
    id: 'update-vaddr-without-mdev',
    subject: 'vfio/type1: exclude mdevs from VFIO_UPDATE_VADDR',
    commit: 'ef3a3f6a294b',
    first: 'v6.2',
    effect: 'VFIO_UPDATE_VADDR is only offered by a container with a driver and without emulated groups.',
    where: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_check_extension()',
  },
  {
    id: 'iommufd',
    subject: 'iommufd: File descriptor, context, kconfig and makefiles',
    first: 'v6.2',
    effect: '/dev/iommu exists, and SET_CONTAINER takes an iommufd; a file that is neither is EBADFD.',
    where: 'drivers/iommu/iommufd/main.c, drivers/vfio/group.c vfio_group_ioctl_set_container()',
  },
  {
    id: 'set-container-ebadfd',
    subject: 'vfio: SET_CONTAINER tells a container and an iommufd apart',
    first: 'v6.2',
    effect: 'SET_CONTAINER with a file that is neither a container nor an iommufd is EBADFD; before, EINVAL.',
    where: 'drivers/vfio/group.c vfio_group_ioctl_set_container()',
  },
  {
    id: 'device-holds-kvm',
    subject: 'vfio: fix deadlock between group lock and kvm lock',
    first: 'v6.3',
    effect:
      'The kvm pointer of a group has a spin lock of its own, and VFIO holds a reference to the VM from the first open of a device to its last close.',
    where: 'drivers/vfio/vfio_main.c vfio_device_get_kvm_safe()',
  },
  {
    id: 'vfio-cdev',
    subject: 'vfio: Add cdev for vfio_device',
    first: 'v6.6',
    effect:
      '/dev/vfio/devices/vfioN opens a device without its group, and VFIO_DEVICE_BIND_IOMMUFD, ATTACH and DETACH exist.',
    where: 'drivers/vfio/device_cdev.c',
  },
  {
    id: 'hwpt-alloc',
    subject: 'iommufd: Add IOMMU_HWPT_ALLOC',
    first: 'v6.6',
    effect: 'User space can make hardware page tables that stay when their devices leave.',
    where: 'drivers/iommu/iommufd/hw_pagetable.c iommufd_hwpt_alloc()',
  },
  {
    id: 'enforce-at-allocation',
    subject: 'iommufd: Only enforce cache coherency in iommufd_hw_pagetable_alloc',
    first: 'v6.7',
    effect:
      'A hardware page table enforces coherency if its first device can, and never changes; before, a later device could upgrade it.',
    where: 'drivers/iommu/iommufd/hw_pagetable.c',
  },
  {
    id: 'enforce-only-empty-domain',
    subject: 'iommu/vt-d: Support enforce_cache_coherency only for empty domains',
    commit: 'e645c20e8e9c',
    first: 'v6.7',
    effect:
      'A second-stage VT-d domain that has mappings refuses to enforce coherency; before, only later mappings got SNP.',
    where: 'drivers/iommu/intel/iommu.c intel_iommu_enforce_cache_coherency()',
  },
  {
    id: 'smmu-enforce-coherency',
    subject: 'iommu/arm-smmu-v3: Implement IOMMU_HWPT_ALLOC with CANWBS and enforce_cache_coherency',
    first: 'v6.13',
    effect: 'SMMUv3 domains of masters that can do coherent write-back enforce coherency.',
    where: 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_enforce_cache_coherency()',
  },
  {
    id: 'bind-token',
    subject: 'vfio/pci: Do vf_token checks for VFIO_DEVICE_BIND_IOMMUFD',
    commit: '86624ba3b522',
    first: 'v6.17',
    effect: 'Bit 0 of the flags of BIND_IOMMUFD says that a token is passed.',
    where: 'drivers/vfio/device_cdev.c vfio_df_ioctl_bind_iommufd()',
    bracketed: 'after v6.12.117, before v7.2.12',
  },
  {
    id: 'map-overflow',
    subject: 'vfio/type1: sanitize for overflow using check_*_overflow',
    first: 'v6.18',
    effect: 'MAP_DMA and UNMAP_DMA of a range that wraps are EOVERFLOW; before, EINVAL.',
    where: 'drivers/vfio/vfio_iommu_type1.c vfio_dma_do_map()',
  },
  {
    id: 'enforce-by-stage',
    subject: 'iommu/vt-d: separate operations for first and second stage domains',
    first: 'v6.17',
    effect:
      'The function that enforces coherency is one per stage: intel_iommu_enforce_cache_coherency_ss() and _fs().',
    where: 'drivers/iommu/intel/iommu.c',
    bracketed: 'after v6.16, in v6.17',
  },
  {
    id: 'amd-aperture',
    subject: 'iommu/amd: the aperture of a domain is what its page table can translate',
    first: 'v6.19',
    effect: 'MAP_DMA above the address width of an AMD IOMMU is EINVAL; before, every 64-bit IOVA was accepted.',
    where: 'drivers/iommu/amd/iommu.c',
    bracketed: 'after v6.16.3, before v7.2.13',
  },
  {
    id: 'flush-noncoherent-dma',
    subject: 'Enforce CPU cache flush for non-coherent device assignment',
    effect:
      'Proposed in May 2024 and not merged: a page is flushed from the CPU caches when it is mapped into a domain that does not enforce coherency, and when it is unmapped again.',
    where: 'drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd/pages.c',
  },
] as const satisfies readonly Change[];
