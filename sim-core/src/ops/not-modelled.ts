/**
 * Names of the kernel's API that Snoopscope knows and does not model: a user who writes one is told what it belongs to,
 * instead of being told that there is no such thing. docs/fidelity.md lists the same parts.
 */

/** A part of the kernel that is left out, and the names that belong to it. */
export interface UnmodelledPart {
  /** What it is called: `guest_memfd`. */
  readonly part: string;
  /** What it is, and what its absence means for a scenario. */
  readonly doc: string;
  /** Requests of ioctl. */
  readonly requests: readonly string[];
  /** Constants that select it in a call that is modelled otherwise. */
  readonly constants: readonly string[];
  /** Options, TLP attributes and instructions that people may write for it. */
  readonly words?: readonly string[];
}

export const LEFT_OUT: readonly UnmodelledPart[] = [
  {
    part: 'guest_memfd',
    doc: 'Memory that only the guest can reach has no user mapping, and VFIO cannot pin it. Every page of a scenario is ordinary shared memory.',
    requests: ['KVM_CREATE_GUEST_MEMFD', 'KVM_SET_MEMORY_ATTRIBUTES', 'KVM_PRE_FAULT_MEMORY'],
    constants: ['KVM_MEM_GUEST_MEMFD', 'KVM_X86_SW_PROTECTED_VM'],
    words: ['guest-memfd'],
  },
  {
    part: 'SEV, SEV-ES and SEV-SNP',
    doc: 'Encrypted guests need caches flushed for reasons of their own (pages that change their key). A VM here is never encrypted.',
    requests: ['KVM_MEMORY_ENCRYPT_OP', 'KVM_MEMORY_ENCRYPT_REG_REGION', 'KVM_MEMORY_ENCRYPT_UNREG_REGION'],
    constants: ['KVM_X86_SEV_VM', 'KVM_X86_SEV_ES_VM', 'KVM_X86_SNP_VM'],
    words: ['sev', 'sev-es', 'sev-snp'],
  },
  {
    part: 'TDX',
    doc: 'The leaves of a TD belong to the TDX module, and KVM gives them WB without asking. A VM here is never a TD.',
    requests: [],
    constants: ['KVM_X86_TDX_VM'],
    words: ['tdx'],
  },
  {
    part: 'nested IOMMU domains',
    doc: 'A guest that manages first-stage tables of its own (vIOMMU) is not modelled: domains are made by the host alone.',
    requests: [
      'IOMMU_VIOMMU_ALLOC',
      'IOMMU_VDEVICE_ALLOC',
      'IOMMU_VEVENTQ_ALLOC',
      'IOMMU_HW_QUEUE_ALLOC',
      'IOMMU_HWPT_INVALIDATE',
      'IOMMU_FAULT_QUEUE_ALLOC',
    ],
    constants: ['IOMMU_HWPT_ALLOC_NEST_PARENT'],
  },
  {
    part: 'dirty tracking of hardware page tables',
    doc: 'Which pages a device wrote is not kept.',
    requests: ['IOMMU_HWPT_SET_DIRTY_TRACKING', 'IOMMU_HWPT_GET_DIRTY_BITMAP'],
    constants: ['IOMMU_HWPT_ALLOC_DIRTY_TRACKING'],
  },
  {
    part: 'mappings by file or copy',
    doc: 'An I/O address space is filled by IOMMU_IOAS_MAP only.',
    requests: ['IOMMU_IOAS_COPY', 'IOMMU_IOAS_MAP_FILE', 'IOMMU_IOAS_CHANGE_PROCESS'],
    constants: [],
  },
  {
    part: 'the address space of an iommufd that serves as a container',
    doc: 'Such an iommufd makes its I/O address space itself, at the first SET_CONTAINER. Asking for its number, or choosing another one, is not modelled.',
    requests: ['IOMMU_VFIO_IOAS'],
    constants: [],
  },
  {
    part: 'ATS and PRI',
    doc: 'A device never asks the IOMMU for translations of its own: every TLP is translated where it arrives, and a page that is not mapped is a fault.',
    requests: [],
    constants: [],
    words: ['ats', 'pri'],
  },
  {
    part: 'DMA with a PASID',
    doc: 'The TLPs of a device carry no PASID: it has one domain at a time.',
    requests: ['VFIO_DEVICE_PASID_ATTACH_IOMMUFD_PT', 'VFIO_DEVICE_PASID_DETACH_IOMMUFD_PT'],
    constants: ['VFIO_DEVICE_ATTACH_PASID', 'VFIO_DEVICE_DETACH_PASID'],
    words: ['pasid'],
  },
  {
    part: 'SR-IOV',
    doc: 'A virtual function is a device of its own like any other; that it comes from a physical one, and the token that both share, is not modelled.',
    requests: [],
    constants: ['VFIO_DEVICE_FEATURE_PCI_VF_TOKEN', 'VFIO_DEVICE_BIND_FLAG_TOKEN'],
    words: ['sriov', 'vf'],
  },
  {
    part: 'peer-to-peer DMA',
    doc: 'Devices read and write words of memory only: a TLP never reaches the registers of another device.',
    requests: [],
    constants: [],
    words: ['p2p'],
  },
  {
    part: 'nested virtualization',
    doc: 'A guest runs no guests: WBINVD of a nested guest and leaves of nested EPT or NPT do not occur.',
    requests: [],
    constants: [],
    words: ['nested', 'vmxon', 'vmlaunch', 'vmresume', 'vmrun', 'invept'],
  },
  {
    part: 'the instruction set of arm64 or POWER',
    doc: 'A vCPU there loads and stores with `mov`. Barriers and cache maintenance by address are left out: each access takes effect at once, and no guest cleans a line.',
    requests: [],
    constants: [],
    words: [
      'ldr',
      'str',
      'ldp',
      'stp',
      'ldar',
      'stlr',
      'dc',
      'dsb',
      'dmb',
      'isb',
      'lwz',
      'stw',
      'dcbf',
      'dcbst',
      'lwsync',
      'hwsync',
      'eieio',
    ],
  },
  {
    part: 'live migration of devices',
    doc: 'The state of a device is not read or written.',
    requests: ['VFIO_MIG_GET_PRECOPY_INFO'],
    constants: [],
  },
];

const requests: ReadonlyMap<string, UnmodelledPart> = new Map(
  LEFT_OUT.flatMap((one) => one.requests.map((name) => [name, one])),
);
const words: ReadonlyMap<string, UnmodelledPart> = new Map(
  LEFT_OUT.flatMap((one) => (one.words ?? []).map((word) => [word, one])),
);
const constants: ReadonlyMap<string, UnmodelledPart> = new Map(
  LEFT_OUT.flatMap((one) => one.constants.map((name) => [name, one])),
);

export function leftOutRequest(name: string): UnmodelledPart | undefined {
  return requests.get(name);
}

export function leftOutConstant(name: string): UnmodelledPart | undefined {
  return constants.get(name);
}

/** An option, an attribute of a TLP or an instruction. */
export function leftOutWord(text: string): UnmodelledPart | undefined {
  return words.get(text.toLowerCase());
}

/** What is said of a name. */
export function leftOutText(name: string, { part, doc }: UnmodelledPart): string {
  return `\`${name}\` belongs to ${part}, which is not modelled. ${doc}`;
}

export const PEER_TO_PEER = LEFT_OUT.find(({ part }) => part === 'peer-to-peer DMA')!;

/** What is said of any name that belongs to such a part; undefined for others. */
export function leftOutAbout(name: string): string | undefined {
  const part = leftOutRequest(name) ?? leftOutConstant(name) ?? leftOutWord(name);
  return part && leftOutText(name, part);
}
