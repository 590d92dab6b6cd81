/**
 * Structures and requests that are newer than the headers of many distributions: a program that is exported brings them
 * along under names of its own. Those that only POWER has come under the kernel's name, for the requests of kvm.h mean it.
 *
 * linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h, arch/powerpc/include/uapi/asm/kvm.h; test/coverage compares what the headers there have.
 */

/** Members in order, padding included. */
export const NEWER_STRUCTS: Readonly<Record<string, readonly string[]>> = {
  kvm_userspace_memory_region2: [
    '__u32 slot',
    '__u32 flags',
    '__u64 guest_phys_addr',
    '__u64 memory_size',
    '__u64 userspace_addr',
    '__u64 guest_memfd_offset',
    '__u32 guest_memfd',
    '__u32 pad1',
    '__u64 pad2[14]',
  ],
  vfio_device_bind_iommufd: ['__u32 argsz', '__u32 flags', '__s32 iommufd', '__u32 out_devid'],
  vfio_device_attach_iommufd_pt: ['__u32 argsz', '__u32 flags', '__u32 pt_id'],
  vfio_device_detach_iommufd_pt: ['__u32 argsz', '__u32 flags'],
  iommu_ioas_alloc: ['__u32 size', '__u32 flags', '__u32 out_ioas_id'],
  iommu_ioas_map: [
    '__u32 size',
    '__u32 flags',
    '__u32 ioas_id',
    '__u32 reserved',
    '__u64 user_va',
    '__u64 length',
    '__u64 iova',
  ],
  iommu_ioas_unmap: ['__u32 size', '__u32 ioas_id', '__u64 iova', '__u64 length'],
  iommu_hwpt_alloc: ['__u32 size', '__u32 flags', '__u32 dev_id', '__u32 pt_id', '__u32 out_hwpt_id', '__u32 reserved'],
  iommu_destroy: ['__u32 size', '__u32 id'],
};

/** Not in the headers of other architectures. Members in order, padding included. */
export const POWER_STRUCTS: Readonly<Record<string, readonly string[]>> = {
  kvm_create_spapr_tce: ['__u64 liobn', '__u32 window_size'],
  kvm_create_spapr_tce_64: ['__u64 liobn', '__u32 page_shift', '__u32 flags', '__u64 offset', '__u64 size'],
};

/** How the headers define the request. */
export const NEWER_REQUESTS: Readonly<Record<string, string>> = {
  KVM_SET_USER_MEMORY_REGION2: '_IOW(KVMIO, 0x49, struct snoop_kvm_userspace_memory_region2)',
  KVM_GET_SREGS2: '_IOR(KVMIO, 0xcc, char[320])',
  KVM_SET_SREGS2: '_IOW(KVMIO, 0xcd, char[320])',
  VFIO_DEVICE_BIND_IOMMUFD: "_IO(';', 118)",
  VFIO_DEVICE_ATTACH_IOMMUFD_PT: "_IO(';', 119)",
  VFIO_DEVICE_DETACH_IOMMUFD_PT: "_IO(';', 120)",
  IOMMU_DESTROY: "_IO(';', 0x80)",
  IOMMU_IOAS_ALLOC: "_IO(';', 0x81)",
  IOMMU_IOAS_MAP: "_IO(';', 0x85)",
  IOMMU_IOAS_UNMAP: "_IO(';', 0x86)",
  IOMMU_HWPT_ALLOC: "_IO(';', 0x89)",
};

/** The type by which a program names a structure. */
export function structType(name: string): string {
  return Object.hasOwn(NEWER_STRUCTS, name) ? `struct snoop_${name}` : `struct ${name}`;
}
