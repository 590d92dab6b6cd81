/**
 * What the `machine` block and the actors of a scenario fix before anything runs: hardware, words of memory, actors.
 * All of it is constant in a run; what changes is in the state vector.
 */
import { type DeviceId, type GroupId, NONE, type None, type PageId } from './state/ids.ts';

export interface Topology {
  readonly cpu: CpuModel;
  readonly iommus: readonly IommuModel[];
  readonly devices: readonly DeviceModel[];
  /** VFIO groups, by ascending number. */
  readonly groups: readonly GroupModel[];
  readonly words: readonly WordModel[];
  readonly lines: readonly { readonly page: PageId; readonly words: readonly number[] }[];
  readonly pages: readonly PageModel[];
  readonly actors: readonly ActorModel[];
  /** Names of the processes; 0 is the VMM that `setup` belongs to. */
  readonly processes: readonly string[];
}

export interface CpuModel {
  /** Who made the CPUs; of others than x86 only what VFIO, kvm-vfio and SMMUs show is modelled. */
  readonly vendor: 'intel' | 'amd' | 'arm64' | 'power';
  /** Physical CPUs. */
  readonly count: number;
  /** The CPU can exit on WBINVD (Intel: secondary control bit 6; AMD: always). */
  readonly wbinvdExit: boolean;
  /**
   * An access of an uncached or write-combining type finds its line in all caches (CPUID self-snoop). Off means an
   * Intel CPU for which the kernel clears the feature; AMD CPUs always do.
   */
  readonly selfSnoop: boolean;
  /** Stores wait in a buffer of their CPU, and weakly ordered flushes with them (x86-TSO). */
  readonly storeBuffer: boolean;
  /** A clean line of another cache may serve a fill, though DRAM is newer. */
  readonly cleanSupply: boolean;
  /** The guest's CPUID announces MTRRs. */
  readonly guestMtrr: boolean;
  /** EPT or NPT is in use; without it KVM shadows page tables and memory types do not apply. */
  readonly twoDimensionalPaging: boolean;
  /** The module parameter kvm.tdp_mmu; undefined leaves it to the kernel. */
  readonly tdpMmu: boolean | undefined;
  /** MAXPHYADDR of the guest. */
  readonly physicalAddressBits: number;
  readonly options: ReadonlyMap<string, string>;
}

/** Does KVM count non-coherent DMA on these CPUs? Elsewhere the functions are empty. */
export function isX86({ vendor }: Pick<CpuModel, 'vendor'>): boolean {
  return vendor === 'intel' || vendor === 'amd';
}

const SECOND_STAGES = { intel: 'EPT', amd: 'NPT', arm64: 'stage-2', power: 'partition-scoped' } as const;

/** What the page tables under the guest's own are called on these CPUs. */
export function secondStageName({
  vendor,
  twoDimensionalPaging,
}: Pick<CpuModel, 'vendor' | 'twoDimensionalPaging'>): string {
  return twoDimensionalPaging ? SECOND_STAGES[vendor] : 'shadow';
}

export interface IommuModel {
  readonly name: string;
  readonly driver: 'vt-d' | 'amd-vi' | 'smmu' | 'spapr' | 'none';
  /** VT-d ECAP.SC: leaf entries may carry SNP. */
  readonly snoopControl: boolean;
  readonly options: ReadonlyMap<string, string>;
}

/** The bit of an entry that overrides No Snoop in the machine's IOMMUs; undefined where no bit of any entry does. */
export function overrideBitName({ iommus }: Pick<Topology, 'iommus'>): 'SNP' | 'FC' | undefined {
  if (iommus.some(({ driver }) => driver === 'vt-d')) return 'SNP';
  return iommus.some(({ driver }) => driver === 'amd-vi') ? 'FC' : undefined;
}

export interface DeviceModel {
  readonly name: string;
  /** `0000:01:00.0`. */
  readonly bdf: string;
  /** Index into `iommus`, or -1 when no IOMMU translates for it. */
  readonly iommu: number;
  readonly group: GroupId | None;
  /** It can ask for No Snoop. */
  readonly noSnoop: boolean;
  /** It can set its own Enable No Snoop bit without the host's doing. */
  readonly backdoor: boolean;
  /** How many of its posted requests can be on their way at once; 0 when each completes in the step that issues it. */
  readonly postedWrites: number;
  /** Host driver at the start: `vfio-pci` unless the scenario says otherwise; `none` when unbound. */
  readonly driver: string;
  /** Names of its MMIO registers, as the scenario uses them. */
  readonly registers: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

export interface GroupModel {
  /** The number in `/dev/vfio/26`. */
  readonly number: number;
  readonly devices: readonly DeviceId[];
}

export interface PageModel {
  readonly name: string;
  /** Of its first byte: guest-physical address, IOVA and user address at once. */
  readonly address: bigint;
  readonly backing: Backing;
  readonly lines: readonly number[];
  readonly words: readonly number[];
  /**
   * The page is in a range that the kernel does not manage as RAM (its page is reserved) and that the host's MTRRs
   * make uncached, while the VMM's mapping of it is write-back: the legacy VGA window through /dev/mem.
   */
  readonly reservedUncached: boolean;
}

/** What user space has mapped at a page: RAM in 4 KiB or 2 MiB pages, the zero page until it is written, registers. */
export type Backing = 'ram' | 'huge' | 'untouched' | 'mmio';

export interface WordModel {
  readonly name: string;
  readonly line: number;
  readonly page: PageId;
  readonly initial: number;
  /** The number written for `&x`: guest-physical address, IOVA and user address at once. */
  readonly address: bigint;
}

export interface ActorModel {
  /** `setup`, `qemu`, `vcpu0`, `gpu`, `host`: the name in schedules, threads and conditions. */
  readonly name: string;
  readonly kind: 'setup' | 'thread' | 'vcpu' | 'device' | 'host';
  /** Index into `processes` for setup and threads; -1 otherwise. */
  readonly process: number;
  /** The KVM vCPU id for a vCPU; index into `devices` for a device; -1 otherwise. */
  readonly subject: number;
  /** The pCPU it starts on: setup, threads, vCPUs. */
  readonly cpu: number;
  /** A vCPU of which the scenario says where it starts: its first instruction loads it there, whatever loaded it before. */
  readonly startsThere?: boolean;
  /** A vCPU whose MTRRs firmware has enabled before its program begins. */
  readonly firmware?: boolean;
  /** For `vcpu N of vm2`: the name that the VM's descriptor is bound to. */
  readonly vmName?: string;
  /** 0-based line of the block's first line. */
  readonly line: number;
  /** Where that line is: 0 is the scenario itself, others are the files it includes. */
  readonly file: number;
}

/** Finds the page that an address is in. */
export function pageFinder(pages: readonly PageModel[]): (address: bigint) => PageId | None {
  const byAddress = new Map(pages.map((page, index) => [page.address, index as PageId]));
  return (address) => byAddress.get(address - (address % PAGE_BYTES)) ?? NONE;
}

/** First address of the scenario's pages; page i is at BASE + i * 4 KiB, a line is 64 bytes, a word 8. */
export const ADDRESS_BASE = 0x10_0000n;
export const PAGE_BYTES = 0x1000n;
export const LINE_BYTES = 64n;
export const WORD_BYTES = 8n;
