import type { ChangeId } from '../kernel/changes.ts';
import type { MachineItem } from './ast.ts';

/** An option of a machine item, an actor header or `allow`: `snoop-control=on`. */
export interface MachineOption {
  readonly key: string;
  /** Words that are allowed after `=`, or the kind of value. */
  readonly values: readonly string[] | 'number' | 'address' | 'cpu' | 'iommu' | 'device' | 'name' | 'names';
  /** Smallest and largest number. */
  readonly range?: readonly [number, number];
  /** What holds when it is left out, in words. */
  readonly fallback: string;
  readonly doc: string;
  /** The manual or kernel file that names it. */
  readonly source: string;
  readonly required?: boolean;
  /** The kinds of hardware on which it acts, when not on all: `vt-d`. On others it has no effect, and a hint says so. */
  readonly actsOn?: readonly string[];
  /** The CPUs of the machines on which it acts, when not on all. On others it has no effect, and a hint says so. */
  readonly cpus?: readonly string[];
  /** The change without which kernels have nothing that it decides. A hint says so. */
  readonly needs?: ChangeId;
  /** Set when it only tells readers something. A hint says so. */
  readonly label?: true;
}

export type OptionOwner = MachineItem['kind'] | 'setup' | 'thread' | 'vcpu' | 'actor-device' | 'host';

const SWITCH = ['on', 'off'] as const;
const X86 = ['intel', 'amd'] as const;
/** On POWER no DMA is modelled, and VFIO asks its IOMMU for nothing. */
const WITH_DMA = ['intel', 'amd', 'arm64'] as const;

export const MACHINE_OPTIONS: Readonly<Record<OptionOwner, readonly MachineOption[]>> = {
  cpu: [
    {
      key: 'count',
      values: 'number',
      range: [1, 16],
      fallback: '1',
      doc: 'Physical CPUs, each with a cache of its own.',
      source: 'Snoopscope: docs/language.md, machine',
    },
    {
      key: 'wbinvd-exit',
      actsOn: ['intel'],
      values: SWITCH,
      fallback: 'on',
      doc: 'The CPU can leave the guest on WBINVD. AMD CPUs always do.',
      source: 'Intel SDM, secondary processor-based VM-execution controls, WBINVD exiting',
    },
    {
      key: 'self-snoop',
      actsOn: ['intel'],
      values: SWITCH,
      fallback: 'on',
      doc: 'An access of an uncached or write-combining type finds its line in the caches of all CPUs (CPUID.01H:EDX.SS). Off is an Intel CPU whose feature bit the kernel clears because of an erratum: such an access then goes past all caches. AMD CPUs always look.',
      source: 'Intel SDM, CPUID, feature SS',
    },
    {
      key: 'store-buffer',
      values: SWITCH,
      fallback: 'off',
      doc: 'Stores wait in a buffer of their CPU and reach the others later, in program order; CLFLUSHOPT and CLWB may take effect later still, until a fence. Off: every store and flush takes effect at once.',
      source: 'Intel SDM, volume 3, Memory Ordering',
    },
    {
      key: 'clean-supply',
      values: SWITCH,
      fallback: 'off',
      doc: 'A clean line in the cache of another CPU may serve a miss, though a device has written newer data to DRAM past the caches: MESIF, MOESI and shared caches do that.',
      source: 'Intel SDM, volume 3, Memory Cache Control, cache control protocol',
    },
    {
      key: 'guest-mtrr',
      actsOn: X86,
      values: SWITCH,
      fallback: 'on',
      doc: 'The CPUID of the guest announces MTRRs.',
      source: 'Intel SDM, CPUID, feature MTRR',
    },
    {
      key: 'two-dimensional-paging',
      actsOn: X86,
      values: SWITCH,
      fallback: 'on',
      doc: 'EPT or NPT is in use. Without it KVM shadows page tables: leaves carry no memory type, whatever MTRRs, CR0.CD and PAT of the guest say.',
      source: 'linux: arch/x86/kvm/mmu/mmu.c kvm_configure_mmu()',
    },
    {
      key: 'tdp-mmu',
      needs: 'tdp-mmu-parameter',
      actsOn: X86,
      values: SWITCH,
      fallback: 'on from v5.15 on',
      doc: 'Leaves of EPT or NPT are made by the TDP MMU. The old MMU also makes leaves for present neighbours of the page that faulted. There is no TDP MMU before v5.10.',
      source: 'linux: arch/x86/kvm/mmu/tdp_mmu.c, module parameter kvm.tdp_mmu',
    },
    {
      key: 'physical-address-bits',
      actsOn: X86,
      values: 'number',
      range: [36, 52],
      fallback: 'as wide as the widest IA32_MTRR_PHYSMASK that the scenario writes, at least 36',
      doc: 'Width of a guest-physical address (MAXPHYADDR). Writing a variable MTRR with bits above it is #GP.',
      source: 'Intel SDM, CPUID.80000008H:EAX',
    },
  ],
  iommu: [
    {
      key: 'snoop-control',
      actsOn: ['vt-d'],
      values: SWITCH,
      fallback: 'on',
      doc: 'Leaf entries may carry SNP, which overrides No Snoop (ECAP.SC).',
      source: 'Intel VT-d, Extended Capability Register, Snoop Control',
    },
    {
      key: 'address-width',
      cpus: WITH_DMA,
      values: 'number',
      range: [30, 64],
      fallback: '48; 64 for amd-vi up to v6.18',
      doc: 'Bits of an IOVA that the unit translates.',
      source: 'Intel VT-d, Capability Register, Maximum Guest Address Width',
    },
    {
      key: 'interrupt-remapping',
      cpus: WITH_DMA,
      values: SWITCH,
      fallback: 'on',
      doc: 'The unit can remap interrupts. VFIO refuses one that cannot.',
      source: 'Intel VT-d, Extended Capability Register, Interrupt Remapping',
    },
    {
      key: 'first-stage',
      actsOn: ['vt-d'],
      needs: 'vtd-first-level',
      values: SWITCH,
      fallback: 'off',
      doc: 'VT-d: VFIO domains use first-stage tables (scalable mode, v5.6 and later): PGSNP of a device replaces SNP of entries. Up to v5.12 nobody sets it. Up to v6.12 first-stage tables are used only if every VT-d unit of the machine has the option on. Which stage a kernel chooses by itself changed between v6.13 and v7.0 and is not modelled: the option decides.',
      source: 'Intel VT-d, Scalable-Mode PASID Table Entry, Page Snoop',
    },
    {
      key: 'coherent',
      actsOn: ['vt-d', 'amd-vi', 'smmu', 'none'],
      values: SWITCH,
      fallback: 'on',
      doc: 'The unit has IOMMU_CAP_CACHE_COHERENCY. Without it VFIO refuses its devices (v5.19 and later), and earlier kernels map nothing as coherent.',
      source: 'linux: drivers/vfio/group.c vfio_group_find_or_alloc()',
    },
    {
      key: 'page-table',
      actsOn: ['amd-vi'],
      needs: 'amd-v2-for-vfio',
      values: ['v1', 'v2'],
      fallback: 'v1',
      doc: 'AMD-Vi: the tables of VFIO domains (`amd_iommu=pgtbl_v2`, v6.19 and later; when it began is UNVERIFIED). v2 tables have no Force Coherency bit, though the driver says that it enforces coherency.',
      source: 'linux: drivers/iommu/amd/iommu.c amdv2_ops',
    },
    {
      key: 'write-back-snoop',
      actsOn: ['smmu'],
      values: SWITCH,
      fallback: 'off',
      doc: 'SMMU: the machine ignores No Snoop of its devices (CANWBS), whatever the kernel; v6.13 and later ask firmware for it and enforce coherency by it.',
      source: 'linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_enforce_cache_coherency()',
    },
  ],
  device: [
    {
      key: 'iommu',
      values: 'iommu',
      fallback: 'none: the device is not translated',
      doc: 'The IOMMU that translates its DMA.',
      source: 'linux: drivers/iommu/iommu.c iommu_probe_device()',
    },
    {
      key: 'group',
      values: 'number',
      range: [0, 65_535],
      fallback: 'none',
      doc: 'The IOMMU group, `26` of `/dev/vfio/26`.',
      source: 'kernel doc: driver-api/vfio',
    },
    {
      key: 'no-snoop',
      cpus: WITH_DMA,
      values: SWITCH,
      fallback: 'off',
      doc: 'The device can ask for No Snoop in its TLPs. Its Enable No Snoop bit is then set at the start; that this is the power-on default is UNVERIFIED.',
      source: 'PCIe, Transaction Layer, No Snoop attribute',
    },
    {
      key: 'rmrr',
      values: SWITCH,
      fallback: 'off',
      doc: 'The firmware wants direct mappings for the device (RMRR, or IVMD on AMD): VFIO cannot have its group. EPERM when VT-d attaches it, v3.17 to v6.5; EINVAL when its DMA is claimed, v6.6 and later. The versions are UNVERIFIED.',
      source: 'linux: drivers/iommu/iommu.c __iommu_device_set_domain()',
    },
    {
      key: 'write-back-snoop',
      values: SWITCH,
      fallback: 'as its smmu',
      doc: 'The machine ignores No Snoop of the device (CANWBS), which v6.13 and later ask firmware for; of other IOMMUs than an SMMU it has no effect.',
      source: 'linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_master_canwbs()',
    },
    {
      key: 'backdoor',
      cpus: WITH_DMA,
      values: SWITCH,
      fallback: 'off',
      doc: 'The device can set its own Enable No Snoop bit without a config space access.',
      source: 'kernel doc: kvm-vfio cover letter, 2013',
    },
    {
      key: 'posted-writes',
      cpus: WITH_DMA,
      values: 'number',
      range: [0, 16],
      fallback: '0: each completes in the step that issues it',
      doc: 'How many writes and MSIs of the device can be on their way to memory at once. They arrive later, in order.',
      source: 'PCIe Base Specification, Transaction Ordering, Flow Control Rules',
    },
    {
      key: 'driver',
      values: 'name',
      fallback: 'vfio-pci',
      doc: 'The host driver it is bound to at the start, or `none`.',
      source: 'linux: drivers/vfio/group.c vfio_dev_viable()',
    },
  ],
  mdev: [
    {
      key: 'group',
      values: 'number',
      range: [0, 65_535],
      fallback: 'none',
      doc: 'The IOMMU group.',
      source: 'kernel doc: driver-api/vfio-mediated-device',
    },
    {
      key: 'parent',
      label: true,
      values: 'device',
      fallback: 'none',
      doc: 'The device that implements it.',
      source: 'kernel doc: driver-api/vfio-mediated-device',
    },
    {
      key: 'kvm',
      values: ['none', 'reference', 'lock'],
      fallback: 'none',
      doc: 'What its driver does with the VM when the device is opened: nothing, hold a reference and fail without a VM (GVT-g), or take kvm->lock (vfio-ap).',
      source: 'linux: drivers/gpu/drm/i915/gvt/kvmgt.c, drivers/s390/crypto/vfio_ap_ops.c',
    },
  ],
  memory: [
    {
      key: 'page',
      values: 'name',
      fallback: 'a page of its own',
      doc: 'Lines with the same page name share a page.',
      source: 'Snoopscope: docs/language.md, machine',
    },
    {
      key: 'at',
      values: 'address',
      fallback: 'the next page from 0x100000 on',
      doc: 'Address of the page: guest-physical, I/O virtual and user address at once.',
      source: 'Snoopscope: docs/language.md, machine',
    },
    {
      key: 'backing',
      values: ['ram', 'huge', 'untouched', 'mmio'],
      fallback: 'ram',
      doc: 'What the VMM has mapped there: ordinary pages; 2 MiB pages, so that one leaf can cover all pages of the scenario in the same 2 MiB; memory not yet written, which is the zero page until the first write; or registers, such as a BAR through the mmap of VFIO, which the host maps uncached.',
      source: 'linux: arch/x86/kvm/mmu/mmu.c kvm_faultin_pfn(), arch/x86/kvm/mmu/spte.c kvm_is_mmio_pfn()',
    },
    {
      key: 'host-mtrr',
      cpus: X86,
      values: ['WB', 'UC'],
      fallback: 'WB',
      doc: 'UC: the page is not RAM of the host but a reserved range that its MTRRs make uncached, mapped write-back (the legacy VGA window).',
      source: 'linux: arch/x86/kvm/mmu/spte.c kvm_is_mmio_pfn()',
    },
  ],
  allow: [
    {
      key: 'max',
      values: 'number',
      range: [1, 1_000_000],
      fallback: 'no bound',
      doc: 'Upper bound for one execution.',
      source: 'Snoopscope: docs/language.md, machine',
    },
  ],
  setup: [
    {
      key: 'cpu',
      values: 'cpu',
      fallback: '0',
      doc: 'The physical CPU it runs on.',
      source: 'linux: kernel/sched, sched_setaffinity()',
    },
  ],
  thread: [
    {
      key: 'cpu',
      values: 'cpu',
      fallback: '0',
      doc: 'The physical CPU it runs on.',
      source: 'linux: kernel/sched, sched_setaffinity()',
    },
  ],
  vcpu: [
    {
      key: 'cpu',
      values: 'cpu',
      fallback: 'where an ioctl of the vCPU loaded it last, else 0',
      doc: 'The physical CPU it starts on, unless KVM_RUN has entered the guest before.',
      source: 'linux: virt/kvm/kvm_main.c vcpu_load()',
    },
    {
      key: 'firmware',
      cpus: X86,
      values: SWITCH,
      fallback: 'on',
      doc: 'The program begins after firmware has enabled the MTRRs, with WB for all memory. Off: the MTRRs are as at reset, disabled, and somebody has to write them.',
      source: 'linux: arch/x86/kvm/x86.c kvm_vcpu_reset(); Intel SDM, IA32_MTRR_DEF_TYPE',
    },
  ],
  'actor-device': [],
  host: [
    {
      key: 'cpu',
      values: 'cpu',
      fallback: '0',
      doc: 'The physical CPU on which the accesses of the host itself run.',
      source: 'Snoopscope: docs/language.md, machine',
    },
  ],
};
