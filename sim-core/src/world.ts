/**
 * The machine's parts, wired together for one scenario on one kernel.
 *
 * A part is made by `create<Part>(world)`: it declares its fields in the layout and returns functions and routines.
 * Parts are made in the order memory, iommu, pcie, files, vfio, kvm, kvm-vfio, cpu; a part uses those before it at any
 * time and those after it only through the hooks named here. Steps run long after all parts are made.
 */
import type { Cpu } from './cpu/cpu.ts';
import type { Counters } from './engine/counters.ts';
import type { Monitors } from './engine/monitors/monitors.ts';
import type { RefusalTable } from './engine/refusal.ts';
import type { RoutineTable } from './engine/routine.ts';
import type { Files } from './files/files.ts';
import type { Iommu } from './iommu/iommu.ts';
import type { ChangeId } from './kernel/changes.ts';
import type { Profile } from './kernel/profiles.ts';
import type { Kvm } from './kvm/kvm.ts';
import type { KvmVfio } from './kvm-vfio/kvm-vfio.ts';
import type { Ghost } from './memory/ghost.ts';
import type { Memory } from './memory/memory.ts';
import type { Pcie } from './pcie/pcie.ts';
import type { LayoutBuilder } from './state/layout.ts';
import type { Topology } from './topology.ts';
import type { Vfio } from './vfio/vfio.ts';

/** Which kernel runs. */
export interface Kernel {
  readonly profile: Profile;
  has(change: ChangeId): boolean;
  /** Every change that was asked for so far. A kernel that agrees on all of them behaves the same. */
  readonly consulted: ReadonlySet<ChangeId>;
  /** Told about each change that is asked for, while it is set. */
  listener: ((change: ChangeId) => void) | undefined;
}

/** How many of each object the scenario can have at once; from counting the statements that create them. */
export interface Dims {
  /** Descriptors of one process. */
  readonly fds: number;
  /** Open files of all processes. */
  readonly files: number;
  readonly vms: number;
  readonly vcpus: number;
  /** Memory slots of one VM; 0 when the scenario makes none. */
  readonly memorySlots: number;
  readonly kvmDevices: number;
  /** TCE tables, on POWER. */
  readonly tceTables: number;
  /** Entries of one kvm-vfio list. */
  readonly kvmVfioEntries: number;
  readonly containers: number;
  readonly iommufds: number;
  readonly ioas: number;
  /** IOMMU domains, those of iommufd's hardware page tables included. */
  readonly domains: number;
  /** DMA mappings of one container or IOAS. */
  readonly mappings: number;
}

/** 64-bit values do not fit a slot: they are kept once here, and slots hold their index. Equal values, equal index. */
export interface Interner {
  intern(value: bigint): number;
  value(index: number): bigint;
  /** Values that have an index: all below it. */
  readonly size: number;
}

/** What is there before any part is made. */
export interface WorldBase {
  readonly kernel: Kernel;
  readonly topology: Topology;
  readonly dims: Dims;
  readonly layout: LayoutBuilder;
  readonly routines: RoutineTable;
  readonly refusals: RefusalTable;
  readonly wide: Interner;
}

export interface World extends WorldBase {
  readonly memory: Memory;
  readonly ghost: Ghost;
  readonly iommu: Iommu;
  readonly pcie: Pcie;
  readonly files: Files;
  readonly vfio: Vfio;
  readonly kvm: Kvm;
  readonly kvmVfio: KvmVfio;
  readonly cpu: Cpu;
  readonly monitors: Monitors;
  readonly counters: Counters;
}

export function createInterner(): Interner {
  const values: bigint[] = [];
  const indices = new Map<bigint, number>();
  return {
    intern(value) {
      const known = indices.get(value);
      if (known !== undefined) return known;
      values.push(value);
      indices.set(value, values.length - 1);
      return values.length - 1;
    },
    value(index) {
      const value = values[index];
      if (value === undefined) throw new RangeError(`no 64-bit value has index ${index}`);
      return value;
    },
    get size() {
      return values.length;
    },
  };
}
