/** Structures of the kernel's user API that system calls take, field by field. */
import type { OperandShape, Source } from './op.ts';

export interface StructSpec {
  /** The kernel's name: `kvm_create_device`. */
  readonly name: string;
  readonly doc: string;
  readonly sources: readonly Source[];
  readonly fields: readonly StructFieldSpec[];
}

export interface StructFieldSpec {
  readonly name: string;
  readonly doc: string;
  /** C type, for signature help and the C export: `__u32`. */
  readonly type: string;
  readonly shape: OperandShape;
  /** The structure that it points to when it is written `{…}`, where `shape` says what else it may be. */
  readonly structured?: string;
  /** The kernel writes it; `name=>bind` reads it. */
  readonly output?: boolean;
  /** What an omitted field holds: what a careful VMM would pass. 0 when left out. */
  readonly omitted?: bigint;
}

const uapiKvm: Source = { document: 'linux', place: 'include/uapi/linux/kvm.h' };
const uapiVfio: Source = { document: 'linux', place: 'include/uapi/linux/vfio.h' };
const uapiIommufd: Source = { document: 'linux', place: 'include/uapi/linux/iommufd.h' };
const int: OperandShape = { kind: 'int' };

export const STRUCTS: readonly StructSpec[] = [
  {
    name: 'kvm_create_device',
    doc: 'Which pseudo device to create in the VM, and where its descriptor is returned.',
    sources: [uapiKvm],
    fields: [
      { name: 'type', type: '__u32', doc: 'The type of device.', shape: { kind: 'int', constants: 'kvm-device-type' } },
      { name: 'fd', type: '__u32', doc: 'The new descriptor.', shape: { kind: 'fd' }, output: true },
      {
        name: 'flags',
        type: '__u32',
        doc: 'KVM_CREATE_DEVICE_TEST only asks whether the type exists. Other bits are ignored.',
        shape: { kind: 'flags', constants: 'kvm-create-device-flag' },
      },
    ],
  },
  {
    name: 'kvm_device_attr',
    doc: 'One attribute of a KVM device: group, attribute, and a pointer to its value.',
    sources: [uapiKvm],
    fields: [
      { name: 'flags', type: '__u32', doc: 'None is defined; KVM never looks at it.', shape: int },
      {
        name: 'group',
        type: '__u32',
        doc: 'The attribute group.',
        shape: { kind: 'int', constants: 'kvm-vfio-group' },
      },
      {
        name: 'attr',
        type: '__u64',
        doc: 'The attribute in the group, compared as 64 bits.',
        shape: { kind: 'int', constants: 'kvm-vfio-attr' },
      },
      {
        name: 'addr',
        type: '__u64',
        doc: 'Where the value is: for ADD and DEL a 32-bit descriptor, written `[group]`; for SET_SPAPR_TCE two of them, written `{groupfd=group, tablefd=table}`.',
        shape: { kind: 'pointer', to: { kind: 'fd', of: ['group', 'device'] } },
        structured: 'kvm_vfio_spapr_tce',
      },
    ],
  },
  {
    name: 'kvm_create_spapr_tce',
    doc: 'A TCE table for a window that begins at 0, in pages of 4 KiB (POWER only).',
    sources: [uapiKvm],
    fields: [
      { name: 'liobn', type: '__u64', doc: 'The number by which the guest names the table.', shape: int },
      { name: 'window_size', type: '__u32', doc: 'The size of the window in bytes.', shape: int },
    ],
  },
  {
    name: 'kvm_create_spapr_tce_64',
    doc: 'A TCE table for any window (POWER only).',
    sources: [uapiKvm],
    fields: [
      { name: 'liobn', type: '__u64', doc: 'The number by which the guest names the table.', shape: int },
      { name: 'page_shift', type: '__u32', doc: 'The size of a page, as a power of two: 12 to 34.', shape: int },
      { name: 'flags', type: '__u32', doc: 'None is defined; others are EINVAL.', shape: int },
      { name: 'offset', type: '__u64', doc: 'Where the window begins, in pages.', shape: int },
      { name: 'size', type: '__u64', doc: 'The size of the window, in pages.', shape: int },
    ],
  },
  {
    name: 'kvm_vfio_spapr_tce',
    doc: 'A VFIO group and the TCE table to bind to it (POWER only).',
    sources: [uapiKvm],
    fields: [
      { name: 'groupfd', type: '__s32', doc: 'The VFIO group.', shape: { kind: 'fd', of: ['group'] } },
      { name: 'tablefd', type: '__s32', doc: 'The TCE table.', shape: { kind: 'fd', of: ['spapr-tce'] } },
    ],
  },
  {
    name: 'kvm_userspace_memory_region',
    doc: 'A memory slot: guest-physical addresses backed by user memory.',
    sources: [uapiKvm],
    fields: [
      { name: 'slot', type: '__u32', doc: 'The slot.', shape: int },
      {
        name: 'flags',
        type: '__u32',
        doc: 'Dirty logging, read-only.',
        shape: { kind: 'flags', constants: 'kvm-mem-flag' },
      },
      { name: 'guest_phys_addr', type: '__u64', doc: 'First guest-physical address.', shape: { kind: 'address' } },
      {
        name: 'memory_size',
        type: '__u64',
        doc: 'Bytes; 0 deletes the slot.',
        shape: { kind: 'int', constants: 'size' },
      },
      { name: 'userspace_addr', type: '__u64', doc: 'First user address.', shape: { kind: 'address' } },
    ],
  },
  {
    name: 'kvm_userspace_memory_region2',
    doc: 'A memory slot: guest-physical addresses backed by user memory. Left out: guest_memfd and its offset.',
    sources: [uapiKvm],
    fields: [
      { name: 'slot', type: '__u32', doc: 'The slot.', shape: int },
      {
        name: 'flags',
        type: '__u32',
        doc: 'Dirty logging, read-only.',
        shape: { kind: 'flags', constants: 'kvm-mem-flag' },
      },
      { name: 'guest_phys_addr', type: '__u64', doc: 'First guest-physical address.', shape: { kind: 'address' } },
      {
        name: 'memory_size',
        type: '__u64',
        doc: 'Bytes; 0 deletes the slot.',
        shape: { kind: 'int', constants: 'size' },
      },
      { name: 'userspace_addr', type: '__u64', doc: 'First user address.', shape: { kind: 'address' } },
    ],
  },
  {
    name: 'kvm_enable_cap',
    doc: 'A capability to switch on for a VM, with its arguments.',
    sources: [uapiKvm],
    fields: [
      { name: 'cap', type: '__u32', doc: 'The capability.', shape: { kind: 'int', constants: 'kvm-cap' } },
      { name: 'flags', type: '__u32', doc: 'Must be 0.', shape: int },
      {
        name: 'args',
        type: '__u64[4]',
        doc: 'The first argument of the capability (quirk bits for KVM_CAP_DISABLE_QUIRKS).',
        shape: { kind: 'flags', constants: 'kvm-quirk' },
      },
    ],
  },
  {
    name: 'kvm_sregs',
    doc: 'Special registers of a vCPU. Only CR0 matters here.',
    sources: [{ document: 'linux', place: 'arch/x86/include/uapi/asm/kvm.h' }],
    fields: [
      {
        name: 'cr0',
        type: '__u64',
        doc: 'Control register 0: bit 30 is CD.',
        shape: int,
        output: true,
        omitted: 0x11n,
      },
    ],
  },
  {
    name: 'kvm_msrs',
    doc: 'MSRs to read or write.',
    sources: [{ document: 'linux', place: 'arch/x86/include/uapi/asm/kvm.h' }],
    fields: [
      { name: 'nmsrs', type: '__u32', doc: 'How many.', shape: int },
      {
        name: 'entries',
        type: 'struct kvm_msr_entry[]',
        doc: 'The MSRs: `[{index=0x2ff, data=0xc06}, …]`.',
        shape: { kind: 'pointer', to: { kind: 'struct', struct: 'kvm_msr_entry' } },
      },
    ],
  },
  {
    name: 'kvm_msr_entry',
    doc: 'One MSR.',
    sources: [{ document: 'linux', place: 'arch/x86/include/uapi/asm/kvm.h' }],
    fields: [
      { name: 'index', type: '__u32', doc: 'Its number.', shape: { kind: 'int', constants: 'msr' } },
      { name: 'data', type: '__u64', doc: 'Its value.', shape: int, output: true },
    ],
  },
  {
    name: 'kvm_assigned_pci_dev',
    doc: 'A PCI device for legacy assignment (up to v4.11).',
    sources: [uapiKvm],
    fields: [
      { name: 'assigned_dev_id', type: '__u32', doc: 'An id chosen by the VMM.', shape: int },
      { name: 'busnr', type: '__u32', doc: 'PCI bus.', shape: int },
      { name: 'devfn', type: '__u32', doc: 'Device and function.', shape: int },
      {
        name: 'flags',
        type: '__u32',
        doc: 'KVM_DEV_ASSIGN_ENABLE_IOMMU must be set.',
        shape: { kind: 'flags', constants: 'kvm-dev-assign-flag' },
      },
      { name: 'segnr', type: '__u32', doc: 'PCI segment.', shape: int },
    ],
  },
  {
    name: 'vfio_group_status',
    doc: 'What state a VFIO group is in.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 8n },
      {
        name: 'flags',
        type: '__u32',
        doc: 'VFIO_GROUP_FLAGS_VIABLE, VFIO_GROUP_FLAGS_CONTAINER_SET.',
        shape: { kind: 'flags', constants: 'vfio-group-flag' },
        output: true,
      },
    ],
  },
  {
    name: 'vfio_device_info',
    doc: 'What kind of device it is.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 24n },
      { name: 'flags', type: '__u32', doc: 'VFIO_DEVICE_FLAGS_*.', shape: int, output: true },
    ],
  },
  {
    name: 'vfio_iommu_type1_info',
    doc: 'What page sizes the container supports.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 24n },
      { name: 'flags', type: '__u32', doc: 'What the other fields hold.', shape: int, output: true },
      { name: 'iova_pgsizes', type: '__u64', doc: 'A bitmap of page sizes in bytes.', shape: int, output: true },
    ],
  },
  {
    name: 'vfio_iommu_type1_dma_map',
    doc: 'Maps user memory into the IOVA space of a container.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 32n },
      {
        name: 'flags',
        type: '__u32',
        doc: 'VFIO_DMA_MAP_FLAG_READ, _WRITE; both when left out.',
        shape: { kind: 'flags', constants: 'vfio-dma-map-flag' },
        omitted: 3n,
      },
      { name: 'vaddr', type: '__u64', doc: 'User address, page aligned.', shape: { kind: 'address' } },
      { name: 'iova', type: '__u64', doc: 'I/O virtual address, page aligned.', shape: { kind: 'address' } },
      {
        name: 'size',
        type: '__u64',
        doc: 'Bytes, a multiple of the page size.',
        shape: { kind: 'int', constants: 'size' },
      },
    ],
  },
  {
    name: 'vfio_iommu_type1_dma_unmap',
    doc: 'Unmaps a range of the IOVA space; `size` returns the bytes unmapped.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 24n },
      {
        name: 'flags',
        type: '__u32',
        doc: 'VFIO_DMA_UNMAP_FLAG_ALL and others.',
        shape: { kind: 'flags', constants: 'vfio-dma-unmap-flag' },
      },
      { name: 'iova', type: '__u64', doc: 'I/O virtual address.', shape: { kind: 'address' } },
      {
        name: 'size',
        type: '__u64',
        doc: 'Bytes; on return the bytes unmapped.',
        shape: { kind: 'int', constants: 'size' },
      },
    ],
  },
  {
    name: 'vfio_device_bind_iommufd',
    doc: 'Binds a VFIO device cdev to an iommufd.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 16n },
      { name: 'flags', type: '__u32', doc: 'Must be 0 (up to v6.x).', shape: int },
      { name: 'iommufd', type: '__s32', doc: 'The iommufd.', shape: { kind: 'fd', of: ['iommufd'] } },
      { name: 'out_devid', type: '__u32', doc: 'The id of the device in the iommufd.', shape: int, output: true },
    ],
  },
  {
    name: 'vfio_device_attach_iommufd_pt',
    doc: 'Attaches a bound device to an IOAS or a hardware page table.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 12n },
      { name: 'flags', type: '__u32', doc: 'Must be 0.', shape: int },
      { name: 'pt_id', type: '__u32', doc: 'IOAS or HWPT id.', shape: int },
    ],
  },
  {
    name: 'vfio_device_detach_iommufd_pt',
    doc: 'Detaches a device from its page table.',
    sources: [uapiVfio],
    fields: [
      { name: 'argsz', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 8n },
      { name: 'flags', type: '__u32', doc: 'Must be 0.', shape: int },
    ],
  },
  {
    name: 'iommu_ioas_alloc',
    doc: 'Allocates an I/O address space.',
    sources: [uapiIommufd],
    fields: [
      { name: 'size', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 12n },
      { name: 'flags', type: '__u32', doc: 'Must be 0.', shape: int },
      { name: 'out_ioas_id', type: '__u32', doc: 'The new id.', shape: int, output: true },
    ],
  },
  {
    name: 'iommu_ioas_map',
    doc: 'Maps user memory into an I/O address space.',
    sources: [uapiIommufd],
    fields: [
      { name: 'size', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 40n },
      {
        name: 'flags',
        type: '__u32',
        doc: 'IOMMU_IOAS_MAP_FIXED_IOVA, _WRITEABLE, _READABLE; all three when left out.',
        shape: { kind: 'flags', constants: 'iommu-ioas-map-flag' },
        omitted: 7n,
      },
      { name: 'ioas_id', type: '__u32', doc: 'The address space.', shape: int },
      { name: 'user_va', type: '__aligned_u64', doc: 'User address.', shape: { kind: 'address' } },
      { name: 'length', type: '__aligned_u64', doc: 'Bytes.', shape: { kind: 'int', constants: 'size' } },
      { name: 'iova', type: '__aligned_u64', doc: 'I/O virtual address.', shape: { kind: 'address' } },
    ],
  },
  {
    name: 'iommu_ioas_unmap',
    doc: 'Unmaps a range of an I/O address space; `length` returns the bytes unmapped.',
    sources: [uapiIommufd],
    fields: [
      { name: 'size', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 24n },
      { name: 'ioas_id', type: '__u32', doc: 'The address space.', shape: int },
      { name: 'iova', type: '__aligned_u64', doc: 'I/O virtual address.', shape: { kind: 'address' } },
      {
        name: 'length',
        type: '__aligned_u64',
        doc: 'Bytes; with iova 0 and all bits set, everything.',
        shape: { kind: 'int', constants: 'size' },
      },
    ],
  },
  {
    name: 'iommu_hwpt_alloc',
    doc: 'Makes a hardware page table for a device that shows the mappings of an I/O address space.',
    sources: [uapiIommufd],
    fields: [
      { name: 'size', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 24n },
      { name: 'flags', type: '__u32', doc: 'Nesting and dirty tracking, which are not modelled: 0.', shape: int },
      { name: 'dev_id', type: '__u32', doc: 'The bound device.', shape: int },
      { name: 'pt_id', type: '__u32', doc: 'The address space.', shape: int },
      { name: 'out_hwpt_id', type: '__u32', doc: 'The new id.', shape: int, output: true },
    ],
  },
  {
    name: 'iommu_destroy',
    doc: 'Destroys an object of an iommufd.',
    sources: [uapiIommufd],
    fields: [
      { name: 'size', type: '__u32', doc: 'Size of the structure.', shape: int, omitted: 8n },
      { name: 'id', type: '__u32', doc: 'The object.', shape: int },
    ],
  },
  {
    name: 'config_value',
    doc: 'A buffer that receives a value from config space.',
    sources: [{ document: 'linux', place: 'drivers/vfio/pci/vfio_pci_config.c vfio_pci_config_rw()' }],
    fields: [{ name: 'value', type: '__u16', doc: 'The value.', shape: int, output: true }],
  },
];

export const structByName: ReadonlyMap<string, StructSpec> = new Map(STRUCTS.map((s) => [s.name, s]));
