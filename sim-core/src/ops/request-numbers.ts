/**
 * Numbers of ioctl requests. Kernel headers give one number of VFIO several names: the file of the descriptor decides.
 *
 * linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h.
 */
import type { FileKind } from '../files/kinds.ts';

/** `0x3b` for VFIO and iommufd, `0xae` for KVM. */
export const VFIO_TYPE = 0x3b;
export const KVM_TYPE = 0xae;

/** Per number of VFIO: its names, each with the files that answer to it. */
export const VFIO: Readonly<Record<number, Readonly<Partial<Record<FileKind, string>>>>> = {
  100: { container: 'VFIO_GET_API_VERSION', iommufd: 'VFIO_GET_API_VERSION' },
  101: { container: 'VFIO_CHECK_EXTENSION', iommufd: 'VFIO_CHECK_EXTENSION' },
  102: { container: 'VFIO_SET_IOMMU', iommufd: 'VFIO_SET_IOMMU' },
  103: { group: 'VFIO_GROUP_GET_STATUS' },
  104: { group: 'VFIO_GROUP_SET_CONTAINER' },
  105: { group: 'VFIO_GROUP_UNSET_CONTAINER' },
  106: { group: 'VFIO_GROUP_GET_DEVICE_FD' },
  107: { device: 'VFIO_DEVICE_GET_INFO' },
  108: { device: 'VFIO_DEVICE_GET_REGION_INFO' },
  109: { device: 'VFIO_DEVICE_GET_IRQ_INFO' },
  110: { device: 'VFIO_DEVICE_SET_IRQS' },
  111: { device: 'VFIO_DEVICE_RESET' },
  112: {
    device: 'VFIO_DEVICE_GET_PCI_HOT_RESET_INFO',
    container: 'VFIO_IOMMU_GET_INFO',
    iommufd: 'VFIO_IOMMU_GET_INFO',
  },
  113: { device: 'VFIO_DEVICE_PCI_HOT_RESET', container: 'VFIO_IOMMU_MAP_DMA', iommufd: 'VFIO_IOMMU_MAP_DMA' },
  114: { device: 'VFIO_DEVICE_QUERY_GFX_PLANE', container: 'VFIO_IOMMU_UNMAP_DMA', iommufd: 'VFIO_IOMMU_UNMAP_DMA' },
  115: { device: 'VFIO_DEVICE_GET_GFX_DMABUF', container: 'VFIO_IOMMU_ENABLE' },
  116: { device: 'VFIO_DEVICE_IOEVENTFD', container: 'VFIO_IOMMU_DISABLE' },
  117: { device: 'VFIO_DEVICE_FEATURE', container: 'VFIO_IOMMU_DIRTY_PAGES' },
  118: { device: 'VFIO_DEVICE_BIND_IOMMUFD' },
  119: { device: 'VFIO_DEVICE_ATTACH_IOMMUFD_PT' },
  120: { device: 'VFIO_DEVICE_DETACH_IOMMUFD_PT' },
  121: { device: 'VFIO_MIG_GET_PRECOPY_INFO' },
  128: { iommufd: 'IOMMU_DESTROY' },
  129: { iommufd: 'IOMMU_IOAS_ALLOC' },
  130: { iommufd: 'IOMMU_IOAS_ALLOW_IOVAS' },
  131: { iommufd: 'IOMMU_IOAS_COPY' },
  132: { iommufd: 'IOMMU_IOAS_IOVA_RANGES' },
  133: { iommufd: 'IOMMU_IOAS_MAP' },
  134: { iommufd: 'IOMMU_IOAS_UNMAP' },
  135: { iommufd: 'IOMMU_OPTION' },
  136: { iommufd: 'IOMMU_VFIO_IOAS' },
  137: { iommufd: 'IOMMU_HWPT_ALLOC' },
  138: { iommufd: 'IOMMU_GET_HW_INFO' },
  139: { iommufd: 'IOMMU_HWPT_SET_DIRTY_TRACKING' },
  140: { iommufd: 'IOMMU_HWPT_GET_DIRTY_BITMAP' },
  141: { iommufd: 'IOMMU_HWPT_INVALIDATE' },
  142: { iommufd: 'IOMMU_FAULT_QUEUE_ALLOC' },
  143: { iommufd: 'IOMMU_IOAS_MAP_FILE' },
  144: { iommufd: 'IOMMU_VIOMMU_ALLOC' },
  145: { iommufd: 'IOMMU_VDEVICE_ALLOC' },
  146: { iommufd: 'IOMMU_IOAS_CHANGE_PROCESS' },
  147: { iommufd: 'IOMMU_VEVENTQ_ALLOC' },
  148: { iommufd: 'IOMMU_HW_QUEUE_ALLOC' },
};

/** Those of KVM that the model, the table of inert requests or the one of what is left out has; the others keep their number. */
const KVM: Readonly<Record<number, string>> = {
  0: 'KVM_GET_API_VERSION',
  1: 'KVM_CREATE_VM',
  2: 'KVM_GET_MSR_INDEX_LIST',
  3: 'KVM_CHECK_EXTENSION',
  4: 'KVM_GET_VCPU_MMAP_SIZE',
  5: 'KVM_GET_SUPPORTED_CPUID',
  9: 'KVM_GET_EMULATED_CPUID',
  10: 'KVM_GET_MSR_FEATURE_INDEX_LIST',
  65: 'KVM_CREATE_VCPU',
  66: 'KVM_GET_DIRTY_LOG',
  68: 'KVM_SET_NR_MMU_PAGES',
  70: 'KVM_SET_USER_MEMORY_REGION',
  71: 'KVM_SET_TSS_ADDR',
  72: 'KVM_SET_IDENTITY_MAP_ADDR',
  73: 'KVM_SET_USER_MEMORY_REGION2',
  96: 'KVM_CREATE_IRQCHIP',
  97: 'KVM_IRQ_LINE',
  98: 'KVM_GET_IRQCHIP',
  99: 'KVM_SET_IRQCHIP',
  104: 'KVM_UNREGISTER_COALESCED_MMIO',
  105: 'KVM_ASSIGN_PCI_DEVICE',
  106: 'KVM_SET_GSI_ROUTING',
  114: 'KVM_DEASSIGN_PCI_DEVICE',
  118: 'KVM_IRQFD',
  119: 'KVM_CREATE_PIT2',
  120: 'KVM_SET_BOOT_CPU_ID',
  121: 'KVM_IOEVENTFD',
  123: 'KVM_SET_CLOCK',
  124: 'KVM_GET_CLOCK',
  128: 'KVM_RUN',
  129: 'KVM_GET_REGS',
  130: 'KVM_SET_REGS',
  131: 'KVM_GET_SREGS',
  132: 'KVM_SET_SREGS',
  134: 'KVM_INTERRUPT',
  136: 'KVM_GET_MSRS',
  137: 'KVM_SET_MSRS',
  139: 'KVM_SET_SIGNAL_MASK',
  140: 'KVM_GET_FPU',
  141: 'KVM_SET_FPU',
  142: 'KVM_GET_LAPIC',
  143: 'KVM_SET_LAPIC',
  144: 'KVM_SET_CPUID2',
  145: 'KVM_GET_CPUID2',
  146: 'KVM_TPR_ACCESS_REPORTING',
  147: 'KVM_SET_VAPIC_ADDR',
  152: 'KVM_GET_MP_STATE',
  153: 'KVM_SET_MP_STATE',
  154: 'KVM_NMI',
  155: 'KVM_SET_GUEST_DEBUG',
  156: 'KVM_X86_SETUP_MCE',
  157: 'KVM_X86_GET_MCE_CAP_SUPPORTED',
  161: 'KVM_GET_DEBUGREGS',
  166: 'KVM_GET_XCRS',
  167: 'KVM_SET_XCRS',
  173: 'KVM_KVMCLOCK_CTRL',
  178: 'KVM_SET_PMU_EVENT_FILTER',
  183: 'KVM_SMI',
  186: 'KVM_MEMORY_ENCRYPT_OP',
  187: 'KVM_MEMORY_ENCRYPT_REG_REGION',
  188: 'KVM_MEMORY_ENCRYPT_UNREG_REGION',
  190: 'KVM_GET_NESTED_STATE',
  191: 'KVM_SET_NESTED_STATE',
  192: 'KVM_CLEAR_DIRTY_LOG',
  198: 'KVM_X86_SET_MSR_FILTER',
  204: 'KVM_GET_SREGS2',
  205: 'KVM_SET_SREGS2',
  206: 'KVM_GET_STATS_FD',
  207: 'KVM_GET_XSAVE2',
  210: 'KVM_SET_MEMORY_ATTRIBUTES',
  212: 'KVM_CREATE_GUEST_MEMFD',
  213: 'KVM_PRE_FAULT_MEMORY',
  224: 'KVM_CREATE_DEVICE',
  225: 'KVM_SET_DEVICE_ATTR',
  226: 'KVM_GET_DEVICE_ATTR',
  227: 'KVM_HAS_DEVICE_ATTR',
};
/** Numbers of KVM that mean one thing on a VM and another on a vCPU, or one when read and another when written. */
const KVM_BY_CODE: Readonly<Record<number, string>> = {
  1074835047: 'KVM_REGISTER_COALESCED_MMIO',
  3221794407: 'KVM_IRQ_LINE_STATUS',
  2154868383: 'KVM_GET_PIT2',
  2151722655: 'KVM_GET_VCPU_EVENTS',
  1081126560: 'KVM_SET_PIT2',
  1077980832: 'KVM_SET_VCPU_EVENTS',
  44706: 'KVM_SET_TSC_KHZ',
  1082175138: 'KVM_SET_DEBUGREGS',
  44707: 'KVM_GET_TSC_KHZ',
  1080602275: 'KVM_ENABLE_CAP',
  2415963812: 'KVM_GET_XSAVE',
  1342221989: 'KVM_SET_XSAVE',
  1075883685: 'KVM_SIGNAL_MSI',
};

/** The name of a request on a kind of file; undefined when it is not known, or without the kind not one. */
export function nameOfNumber(number: number, kind: FileKind | undefined): string | undefined {
  const type = (number >>> 8) & 0xff;
  const low = number & 0xff;
  if (type === KVM_TYPE) return KVM_BY_CODE[number >>> 0] ?? KVM[low];
  if (type !== VFIO_TYPE) return undefined;
  const names = VFIO[low];
  return (kind && names?.[kind]) ?? (names && Object.values(names).length === 1 ? Object.values(names)[0] : undefined);
}

/** Every name that a number has, whatever the file. */
export function namesOfNumber(value: bigint): readonly string[] {
  if (value < 0n || value > 0xffff_ffffn) return [];
  const number = Number(value);
  const name = nameOfNumber(number, undefined);
  if (name !== undefined) return [name];
  return ((number >>> 8) & 0xff) === VFIO_TYPE ? [...new Set(Object.values(VFIO[number & 0xff] ?? {}))] : [];
}
