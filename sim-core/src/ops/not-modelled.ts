/**
 * Names of the kernel's API that Snoopscope knows and does not model: a user who writes one is told what it belongs to,
 * instead of being told that there is no such thing. docs/fidelity.md lists the same parts.
 */
import { namesOfNumber } from './request-numbers.ts';

/**
 * A constant, its value, and where that value selects the part: an argument (`KVM_CREATE_VM type`) or a field of a
 * structure; in a field called `flags` it is one bit. Where it has no place, the name alone is known.
 */
export type UnmodelledConstant = readonly [name: string, value?: bigint, place?: string];

/** A part of the kernel that is left out, and the names that belong to it. */
export interface UnmodelledPart {
  /** What it is called: `guest_memfd`. */
  readonly part: string;
  /** What it is, and what its absence means for a scenario. */
  readonly doc: string;
  /** Requests of ioctl. */
  readonly requests: readonly string[];
  /** Constants that select it in a call that is modelled otherwise. */
  readonly constants: readonly UnmodelledConstant[];
  /** Fields of structures that belong to it. */
  readonly fields?: readonly string[];
  /** Capabilities by which KVM announces it. Asking for them is fine: the answer is what a scenario declares. */
  readonly capabilities?: readonly string[];
  /** Options, TLP attributes and instructions that people may write for it. */
  readonly words?: readonly string[];
}

const VM_TYPE = 'KVM_CREATE_VM type';

export const LEFT_OUT: readonly UnmodelledPart[] = [
  {
    part: 'guest_memfd',
    doc: 'Memory that only the guest can reach has no user mapping, and VFIO cannot pin it. Every page of a scenario is ordinary shared memory.',
    requests: ['KVM_CREATE_GUEST_MEMFD', 'KVM_SET_MEMORY_ATTRIBUTES', 'KVM_PRE_FAULT_MEMORY'],
    constants: [
      ['KVM_MEM_GUEST_MEMFD', 4n, 'kvm_userspace_memory_region2.flags'],
      ['KVM_X86_SW_PROTECTED_VM', 1n, VM_TYPE],
    ],
    fields: ['guest_memfd', 'guest_memfd_offset'],
    capabilities: [
      'KVM_CAP_MEMORY_FAULT_INFO',
      'KVM_CAP_MEMORY_ATTRIBUTES',
      'KVM_CAP_GUEST_MEMFD',
      'KVM_CAP_VM_TYPES',
      'KVM_CAP_PRE_FAULT_MEMORY',
    ],
    words: ['guest-memfd'],
  },
  {
    part: 'SEV, SEV-ES and SEV-SNP',
    doc: 'Encrypted guests need caches flushed for reasons of their own (pages that change their key). A VM here is never encrypted.',
    requests: ['KVM_MEMORY_ENCRYPT_OP', 'KVM_MEMORY_ENCRYPT_REG_REGION', 'KVM_MEMORY_ENCRYPT_UNREG_REGION'],
    constants: [
      ['KVM_X86_SEV_VM', 2n, VM_TYPE],
      ['KVM_X86_SEV_ES_VM', 3n, VM_TYPE],
      ['KVM_X86_SNP_VM', 4n, VM_TYPE],
    ],
    capabilities: ['KVM_CAP_VM_COPY_ENC_CONTEXT_FROM', 'KVM_CAP_VM_MOVE_ENC_CONTEXT_FROM'],
    words: ['sev', 'sev-es', 'sev-snp'],
  },
  {
    part: 'TDX',
    doc: 'The leaves of a TD belong to the TDX module, and KVM gives them WB without asking. A VM here is never a TD.',
    requests: [],
    constants: [['KVM_X86_TDX_VM', 5n, VM_TYPE]],
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
    constants: [['IOMMU_HWPT_ALLOC_NEST_PARENT', 1n, 'iommu_hwpt_alloc.flags']],
    fields: ['data_type', 'data_len', 'data_uptr'],
  },
  {
    part: 'dirty tracking of page tables of IOMMUs',
    doc: 'Which pages a device wrote is not kept.',
    requests: ['IOMMU_HWPT_SET_DIRTY_TRACKING', 'IOMMU_HWPT_GET_DIRTY_BITMAP'],
    constants: [
      ['IOMMU_HWPT_ALLOC_DIRTY_TRACKING', 2n, 'iommu_hwpt_alloc.flags'],
      ['VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP', 1n, 'vfio_iommu_type1_dma_unmap.flags'],
    ],
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
    constants: [['IOMMU_HWPT_FAULT_ID_VALID', 4n, 'iommu_hwpt_alloc.flags']],
    fields: ['fault_id'],
    words: ['ats', 'pri'],
  },
  {
    part: 'DMA with a PASID',
    doc: 'The TLPs of a device carry no PASID: it has one domain at a time.',
    requests: ['VFIO_DEVICE_PASID_ATTACH_IOMMUFD_PT', 'VFIO_DEVICE_PASID_DETACH_IOMMUFD_PT'],
    constants: [
      ['VFIO_DEVICE_ATTACH_PASID', 1n, 'vfio_device_attach_iommufd_pt.flags'],
      ['VFIO_DEVICE_DETACH_PASID', 1n, 'vfio_device_detach_iommufd_pt.flags'],
    ],
    fields: ['pasid'],
    words: ['pasid'],
  },
  {
    part: 'SR-IOV',
    doc: 'A virtual function is a device of its own like any other; that it comes from a physical one, and the token that both share, is not modelled.',
    requests: [],
    constants: [
      ['VFIO_DEVICE_FEATURE_PCI_VF_TOKEN'],
      ['VFIO_DEVICE_BIND_FLAG_TOKEN', 1n, 'vfio_device_bind_iommufd.flags'],
    ],
    fields: ['token_uuid_ptr'],
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
    capabilities: ['KVM_CAP_NESTED_STATE', 'KVM_CAP_HYPERV_ENLIGHTENED_VMCS'],
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
    part: 'VM types of arm64 and POWER',
    doc: 'How wide guest-physical addresses are (arm64) and whether the CPU has a hypervisor mode (POWER) changes nothing about devices. A VM there has type 0.',
    requests: [],
    constants: [['KVM_VM_TYPE_ARM_PROTECTED'], ['KVM_VM_PPC_HV'], ['KVM_VM_PPC_PR']],
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
  LEFT_OUT.flatMap((one) => one.constants.map(([name]) => [name, one])),
);
const fields: ReadonlyMap<string, UnmodelledPart> = new Map(
  LEFT_OUT.flatMap((one) => (one.fields ?? []).map((name) => [name, one])),
);
const capabilities: ReadonlyMap<string, UnmodelledPart> = new Map(
  LEFT_OUT.flatMap((one) => (one.capabilities ?? []).map((name) => [name, one])),
);
export const PEER_TO_PEER = LEFT_OUT.find(({ part }) => part === 'peer-to-peer DMA')!;
const OTHER_VM_TYPES = constants.get('KVM_VM_PPC_HV')!;

const values = LEFT_OUT.flatMap((part) =>
  part.constants.flatMap(([name, value, place]) => (value === undefined ? [] : [{ name, value, place, part }])),
);

export function leftOutRequest(name: string): UnmodelledPart | undefined {
  return requests.get(name);
}

export function leftOutConstant(name: string): UnmodelledPart | undefined {
  return constants.get(name);
}

/** A field of a structure. */
export function leftOutField(name: string): UnmodelledPart | undefined {
  return fields.get(name);
}

export function leftOutCapability(name: string): UnmodelledPart | undefined {
  return capabilities.get(name);
}

/** The name of a request that a scenario writes as a number, when it belongs to such a part. */
export function leftOutRequestNumber(number: bigint): string | undefined {
  return namesOfNumber(number).find((name) => requests.has(name));
}

/**
 * What is said about a value at a place as in {@link UnmodelledConstant}, on a machine with x86 CPUs or others; nothing when
 * it belongs to no such part.
 */
export function leftOutValueTexts(place: string, value: bigint, written: string, x86: boolean): string[] {
  if (place === VM_TYPE && !x86) {
    const { part, doc } = OTHER_VM_TYPES;
    return value === 0n ? [] : [`${written} is one of the ${part}, which are not modelled. ${doc}`];
  }
  const bits = place.endsWith('.flags');
  return values
    .filter((one) => one.place === place && (bits ? (value & one.value) !== 0n : value === one.value))
    .map(({ name, part }) => leftOutNumberText(written, name, part));
}

/** An option, an attribute of a TLP or an instruction. */
export function leftOutWord(text: string): UnmodelledPart | undefined {
  return words.get(text.toLowerCase());
}

/** What is said about a number written in place of a name. */
function leftOutNumberText(number: string, name: string, { part, doc }: UnmodelledPart): string {
  return `${number} is \`${name}\`, which belongs to ${part} and is not modelled. ${doc}`;
}

/** What is said about a name. */
export function leftOutText(name: string, { part, doc }: UnmodelledPart): string {
  return `\`${name}\` belongs to ${part}, which is not modelled. ${doc}`;
}

/** What is said about a request that is written as a number; undefined for others. */
export function leftOutRequestText(number: bigint, written: string): string | undefined {
  const name = leftOutRequestNumber(number);
  return name && leftOutNumberText(written, name, requests.get(name)!);
}

/** What is said about any name that belongs to such a part; undefined for others. */
export function leftOutAbout(name: string): string | undefined {
  const part = leftOutRequest(name) ?? leftOutConstant(name) ?? leftOutField(name) ?? leftOutWord(name);
  return part && leftOutText(name, part);
}
