/** Words of the machine block that are not options: kinds of CPUs and IOMMUs, and what the environment may do. */

/** A word of the machine block that names a kind of hardware, or something that happens by itself. */
export interface MachineWord {
  readonly doc: string;
  /** The manual or kernel file that says so. */
  readonly source: string;
}

const CPU_KINDS: Readonly<Record<string, MachineWord>> = {
  intel: {
    doc: 'CPUs with VMX. Leaves of EPT carry a memory type, which KVM chooses with non-coherent DMA in mind; leaving the guest on WBINVD is a choice (`wbinvd-exit`).',
    source: 'Intel SDM, volume 3, EPT and Memory Typing; linux: arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()',
  },
  amd: {
    doc: 'CPUs with SVM. Leaves of NPT carry no memory type, so that KVM changes none when non-coherent DMA begins or ends; the guest is always left on WBINVD.',
    source: 'linux: arch/x86/kvm/svm/svm.c, arch/x86/kvm/mmu.h',
  },
  arm64: {
    doc: 'Arm CPUs, as far as VFIO, kvm-vfio and SMMUs show them: KVM counts no non-coherent DMA here, WBINVD and MTRRs do not exist, and vCPUs execute `mov` only. Not measured.',
    source: 'linux: include/linux/kvm_host.h kvm_arch_register_noncoherent_dma()',
  },
  power: {
    doc: 'POWER CPUs, as far as the calls of KVM and VFIO show them: kvm-vfio binds TCE tables to groups, and containers have the SPAPR drivers. DMA and guests are not modelled. Not measured.',
    source: 'linux: arch/powerpc/kvm/book3s_64_vio.c, drivers/vfio/vfio_iommu_spapr_tce.c',
  },
};

const IOMMU_KINDS: Readonly<Record<string, MachineWord>> = {
  'vt-d': {
    doc: 'Intel VT-d. A leaf entry may carry SNP, which has the access snooped whatever its TLP asks, if the unit has Snoop Control (`snoop-control`); in scalable mode with first-stage tables (`first-stage`) PGSNP of the device does it.',
    source: 'Intel VT-d, Second-Stage Paging Entries, Extended Capability Register; linux: drivers/iommu/intel/iommu.c',
  },
  'amd-vi': {
    doc: 'AMD-Vi. Linux writes FC (force coherent) into every entry, so that all DMA through it is snooped.',
    source: 'AMD I/O Virtualization, I/O Page Table Entry; linux: drivers/iommu/amd/iommu.c',
  },
  smmu: {
    doc: 'Arm SMMUv3, only as far as the calls of VFIO and KVM show it. It can hold its devices to coherent DMA if it has `write-back-snoop` and the kernel is v6.13 or later.',
    source: 'linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_enforce_cache_coherency()',
  },
  spapr: {
    doc: 'The TCE tables of a POWER host bridge. Each group has one window: the first 2 GiB in pages of 4 KiB. Only what calls show is modelled: nothing is mapped.',
    source: 'linux: drivers/vfio/vfio_iommu_spapr_tce.c, arch/powerpc/kernel/iommu.c',
  },
  none: {
    doc: 'A unit of which nothing is known but that it translates: it forces no snooping and promises no coherency.',
    source: 'Snoopscope: docs/language.md, machine',
  },
};

const ALLOWED_WORDS: Readonly<Record<string, MachineWord>> = {
  evict: {
    doc: 'A cache may drop any line at any time, writing it back when it is modified.',
    source: 'Intel SDM, volume 3, Memory Cache Control',
  },
  prefetch: {
    doc: 'A cache may fill any line at any time, when its memory type allows.',
    source: 'Intel SDM, volume 3, Memory Cache Control',
  },
  drain: {
    doc: 'A write-combining buffer may drain at any time.',
    source: 'Intel SDM, volume 3, Buffering of Write Combining Memory Locations',
  },
  migrate: {
    doc: 'The host may move a vCPU to another physical CPU at any time.',
    source: 'linux: virt/kvm/kvm_main.c kvm_sched_out(), arch/x86/kvm/x86.c kvm_arch_vcpu_load()',
  },
};

/** Moves of the hardware that an option of the cpu brings and that need no `allow`: what a schedule calls them. */
export const CPU_MOVES: Readonly<Record<string, MachineWord & { readonly option: string }>> = {
  commit: {
    option: 'store-buffer=on',
    doc: 'The oldest store, CLFLUSH or fence in the store buffer of a physical CPU takes effect.',
    source: 'Intel SDM, volume 3, Memory Ordering',
  },
  flush: {
    option: 'store-buffer=on',
    doc: 'A CLFLUSHOPT or CLWB that waits in the store buffer of a physical CPU takes effect.',
    source: 'Intel SDM, volume 2, CLFLUSHOPT',
  },
  supply: {
    option: 'clean-supply=on',
    doc: 'The next miss of the first physical CPU is served from a clean copy in the cache of the second.',
    source: 'Intel SDM, volume 3, Cache Control Protocol',
  },
};

/** What the words of the machine block mean that are not options: kinds of hardware, and what `allow` permits. */
export const MACHINE_WORD_DOCS: Readonly<
  Record<'cpu' | 'iommu' | 'allow' | 'move', Readonly<Record<string, MachineWord>>>
> = {
  cpu: CPU_KINDS,
  iommu: IOMMU_KINDS,
  allow: ALLOWED_WORDS,
  move: CPU_MOVES,
};

/** Kinds of CPUs and IOMMUs, and what the environment may be allowed to do. */
export const CPU_VENDORS: readonly string[] = Object.keys(CPU_KINDS);
export const IOMMU_DRIVERS: readonly string[] = Object.keys(IOMMU_KINDS);
export const ALLOWED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ALLOWED_WORDS).map(([word, { doc }]) => [word, doc]),
);
/** What a schedule calls the arrival of a posted write: `post(gpu)`. It needs no `allow`. */
export const ARRIVAL = 'post';
