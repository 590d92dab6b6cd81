import { O_PATH } from '../files/paths.ts';
import { OTHER_CAPABILITIES } from '../kernel/capabilities.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { MSR_NUMBERS } from '../kvm/msr.ts';

/** Constants of the kernel's user API, by the set that a place accepts. Values are the kernel's. */
export interface Constant {
  readonly name: string;
  readonly value: bigint;
  /** Where it is allowed: `kvm-device-type`, `open-flag`, … */
  readonly set: string;
  readonly doc: string;
  /** Kernel versions that have it, when not all. */
  readonly on?: string;
  /** The change that brings it, when that was posted and not merged: only kernels with the change have it. */
  readonly unmerged?: ChangeId;
}

function set(name: string, rows: readonly (readonly [string, bigint, string, string?])[]): Constant[] {
  return rows.map(([constant, value, doc, on]) => ({ name: constant, value, set: name, doc, ...(on ? { on } : {}) }));
}

export const CONSTANTS: readonly Constant[] = [
  ...set('size', [['PAGE', 0x1000n, 'The size of a page, 4 KiB.']]),
  ...set('pointer', [['NULL', 0n, 'The null pointer: reading it fails with EFAULT.']]),
  ...set('open-flag', [
    ['O_RDONLY', 0n, 'Read only.'],
    ['O_WRONLY', 1n, 'Write only.'],
    ['O_RDWR', 2n, 'Read and write.'],
    ['O_CLOEXEC', 0o2000000n, 'Close on exec.'],
    ['O_PATH', BigInt(O_PATH), 'Only names the file: every call on it but close and dup fails with EBADF.'],
    ['O_CREAT', 0o100n, 'Create the file when it does not exist.'],
  ]),
  ...set('open-at', [['AT_FDCWD', -100n, 'Relative to the current directory.']]),
  ...set('kvm-device-type', [
    ['KVM_DEV_TYPE_FSL_MPIC_20', 1n, 'Freescale MPIC 2.0: not configured on x86.'],
    ['KVM_DEV_TYPE_FSL_MPIC_42', 2n, 'Freescale MPIC 4.2: not configured on x86.'],
    ['KVM_DEV_TYPE_XICS', 3n, 'XICS: not configured on x86.'],
    ['KVM_DEV_TYPE_VFIO', 4n, 'The kvm-vfio pseudo device.', 'v3.13..'],
    ['KVM_DEV_TYPE_ARM_VGIC_V2', 5n, 'Arm GICv2: not configured on x86.'],
    ['KVM_DEV_TYPE_FLIC', 6n, 's390 FLIC: not configured on x86.'],
    ['KVM_DEV_TYPE_ARM_VGIC_V3', 7n, 'Arm GICv3: not configured on x86.'],
    ['KVM_DEV_TYPE_ARM_VGIC_ITS', 8n, 'Arm GIC ITS: not configured on x86.'],
    ['KVM_DEV_TYPE_XIVE', 9n, 'XIVE: not configured on x86.'],
  ]),
  ...set('kvm-create-device-flag', [['KVM_CREATE_DEVICE_TEST', 1n, 'Only ask whether the type can be created.']]),
  ...set('kvm-vfio-group', [
    ['KVM_DEV_VFIO_GROUP', 1n, 'Attributes that register VFIO groups.'],
    ['KVM_DEV_VFIO_FILE', 1n, 'The same number under its newer name.', 'v6.6..'],
  ]),
  ...set('kvm-vfio-attr', [
    ['KVM_DEV_VFIO_GROUP_ADD', 1n, 'Registers a VFIO group with KVM.'],
    ['KVM_DEV_VFIO_GROUP_DEL', 2n, 'Removes a VFIO group.'],
    ['KVM_DEV_VFIO_GROUP_SET_SPAPR_TCE', 3n, 'Binds a TCE table (POWER).', 'v4.12..'],
    ['KVM_DEV_VFIO_FILE_ADD', 1n, 'Registers a VFIO group or device file with KVM.', 'v6.6..'],
    ['KVM_DEV_VFIO_FILE_DEL', 2n, 'Removes a VFIO file.', 'v6.6..'],
  ]),
  ...set('kvm-cap', [
    ['KVM_CAP_DEVICE_CTRL', 89n, 'The device control API.'],
    ['KVM_CAP_VM_ATTRIBUTES', 101n, 'Attributes of VM descriptors.'],
    ['KVM_CAP_DISABLE_QUIRKS', 116n, 'Disables quirks; unknown bits are ignored.'],
    ['KVM_CAP_DISABLE_QUIRKS2', 213n, 'Disables quirks; unknown bits are EINVAL.', 'v5.18..'],
    ['KVM_CAP_SPAPR_TCE', 63n, 'KVM_CREATE_SPAPR_TCE (POWER).'],
    ['KVM_CAP_SPAPR_TCE_64', 125n, 'KVM_CREATE_SPAPR_TCE_64 (POWER).', 'v4.6..'],
    ['KVM_CAP_SPAPR_TCE_VFIO', 142n, 'KVM_DEV_VFIO_GROUP_SET_SPAPR_TCE (POWER).', 'v4.12..'],
    ...OTHER_CAPABILITIES.map(([name, value, x86]): readonly [string, bigint, string] => [
      name,
      value,
      `Not modelled: the answer is what the line declares, else ${x86 === undefined ? 0 : `${x86} on x86`}.`,
    ]),
  ]),
  ...set(
    'msr',
    [...MSR_NUMBERS].map(([name, number]): readonly [string, bigint, string] => [
      name,
      BigInt(number),
      'A register that decides memory types.',
    ]),
  ),
  ...set('kvm-mem-flag', [
    ['KVM_MEM_LOG_DIRTY_PAGES', 1n, 'Log what the guest writes: new leaves are then of 4 KiB.'],
    ['KVM_MEM_READONLY', 2n, 'Writes of the guest leave it instead.'],
  ]),
  {
    name: 'KVM_MEM_NON_COHERENT_DMA',
    value: 8n,
    set: 'kvm-mem-flag',
    doc: 'Devices may reach the slot past the caches: the guest PAT counts there. Not merged.',
    unmerged: 'noncoherent-memslots',
  },
  {
    name: 'KVM_CAP_USER_CONFIGURE_NONCOHERENT_DMA',
    value: 236n,
    set: 'kvm-cap',
    doc: 'The memslot flag KVM_MEM_NON_COHERENT_DMA. Not merged; the number went to another one.',
    unmerged: 'noncoherent-memslots',
  },
  ...set('kvm-quirk', [
    ['KVM_X86_QUIRK_CD_NW_CLEARED', 2n, 'CR0.CD and CR0.NW are taken as clear.'],
    ['KVM_X86_QUIRK_SLOT_ZAP_ALL', 0x80n, 'Deleting or moving a memory slot zaps all leaves of the VM.', 'v6.12..'],
    [
      'KVM_X86_QUIRK_IGNORE_GUEST_PAT',
      0x200n,
      'The guest PAT is ignored while no non-coherent DMA is registered.',
      'v6.16..',
    ],
  ]),
  ...set('kvm-dev-assign-flag', [['KVM_DEV_ASSIGN_ENABLE_IOMMU', 1n, 'Use the IOMMU (mandatory).', '..v4.11']]),
  ...set('vfio-iommu', [
    ['VFIO_TYPE1_IOMMU', 1n, 'The x86 IOMMU driver, first unmap rules.'],
    ['VFIO_SPAPR_TCE_IOMMU', 2n, 'The POWER IOMMU driver.'],
    ['VFIO_TYPE1v2_IOMMU', 3n, 'The x86 IOMMU driver, exact unmap rules.', 'v3.15..'],
    ['VFIO_DMA_CC_IOMMU', 4n, 'Extension: all domains of the container enforce cache coherency.', 'v3.15..'],
    ['VFIO_EEH', 5n, 'Extension: POWER error handling.'],
    ['VFIO_TYPE1_NESTING_IOMMU', 6n, 'Nested type1.'],
    ['VFIO_SPAPR_TCE_v2_IOMMU', 7n, 'The newer POWER IOMMU driver.'],
    ['VFIO_NOIOMMU_IOMMU', 8n, 'No IOMMU at all.'],
    ['VFIO_UNMAP_ALL', 9n, 'Extension: unmap everything at once.'],
    ['VFIO_UPDATE_VADDR', 10n, 'Extension: change the vaddr of a mapping.'],
  ]),
  ...set('vfio-dma-map-flag', [
    ['VFIO_DMA_MAP_FLAG_READ', 1n, 'The device may read.'],
    ['VFIO_DMA_MAP_FLAG_WRITE', 2n, 'The device may write.'],
    ['VFIO_DMA_MAP_FLAG_VADDR', 4n, 'Only change the user address.', 'v5.12..'],
  ]),
  ...set('vfio-dma-unmap-flag', [
    ['VFIO_DMA_UNMAP_FLAG_ALL', 2n, 'Everything: iova and size must be 0.', 'v5.12..'],
    ['VFIO_DMA_UNMAP_FLAG_VADDR', 4n, 'Invalidate the user addresses.', 'v5.12..'],
  ]),
  ...set('vfio-group-flag', [
    ['VFIO_GROUP_FLAGS_VIABLE', 1n, 'Every device of the group is safe to hand to user space.'],
    ['VFIO_GROUP_FLAGS_CONTAINER_SET', 2n, 'The group is in a container.'],
  ]),
  ...set('vfio-pci-offset', [
    [
      'VFIO_PCI_CONFIG',
      0x700_0000_0000n,
      'Where config space begins in a device descriptor: VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX).',
    ],
    ['PCI_EXP_DEVCTL', 0x48n, 'Device Control: the model has the PCI Express capability at 0x40.'],
  ]),
  ...set('iommu-ioas-map-flag', [
    ['IOMMU_IOAS_MAP_FIXED_IOVA', 1n, 'At the IOVA given.'],
    ['IOMMU_IOAS_MAP_WRITEABLE', 2n, 'The device may write.'],
    ['IOMMU_IOAS_MAP_READABLE', 4n, 'The device may read.'],
  ]),
];

export const constantByName: ReadonlyMap<string, Constant> = new Map(CONSTANTS.map((c) => [c.name, c]));
