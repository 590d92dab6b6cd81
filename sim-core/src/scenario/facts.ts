/**
 * What a final condition may ask about the machine: one record a fact, with how it is read from a state. Checks,
 * completion, hover and the grammar read names and shapes here; the elaborator calls `compile`.
 */
import { LEAF, leafType } from '../kvm/mmu.ts';
import { LINE_STATES } from '../memory/memory.ts';
import { memtypeName, memtypeNamed } from '../memory/memtype.ts';
import { EXIT_NAMES, type ExitReason } from '../state/event.ts';
import type { GroupId, PageId, VcpuId, VmId } from '../state/ids.ts';
import { groupCoherent } from '../vfio/coherent.ts';
import type { World } from '../world.ts';

export { EXIT_NAMES };

/** A number of a state. */
export type StateReader = (state: Int32Array) => number;

/** What an argument comes to, by the kind of its parameter. */
export interface FactArguments {
  /** The index of the VM in a state, or -1: a name is bound to a descriptor only while a scenario runs. */
  readonly vm: StateReader;
  /** Index of the actor. */
  readonly vcpu: number;
  readonly cpu: number;
  /** Indices into the topology. */
  readonly word: number;
  readonly group: number;
  readonly exit: ExitReason;
}

/** A fact as a condition asks it; of the arguments those that the fact has are set. */
export interface FactQuestion {
  readonly name: FactName;
  readonly args: FactArguments;
}

export interface FactParam<Kind extends keyof FactArguments = keyof FactArguments> {
  readonly name: string;
  /** `group` is the number of a VFIO group, `vm` a name bound to a VM's descriptor. */
  readonly kind: Kind;
}

/** The words that a fact gives, and the number of each in a state. */
export interface FactWords {
  readonly names: readonly string[];
  readonly numberOf: (name: string) => number | undefined;
  readonly nameOf: (number: number) => string;
}

export interface FactSpec<Kind extends keyof FactArguments = keyof FactArguments, Name extends string = string> {
  /** `exits` of `exits(vcpu0, WBINVD)`. How its value explains itself is in `explain/facts/`, by this name. */
  readonly name: Name;
  /** Each of another kind. */
  readonly params: readonly FactParam<Kind>[];
  /** One sentence. */
  readonly doc: string;
  readonly value: 'truth' | 'number' | FactWords;
  /** How its value is read; `truth` is 1 or 0. What is counted only for those who ask is registered here. */
  readonly compile: (world: World, args: Pick<FactArguments, Kind>) => StateReader;
}

/** What `ept` and `memtype` are compared with; `none` when there is no leaf. */
export const MEMORY_TYPES: readonly string[] = ['UC', 'WC', 'WT', 'WP', 'WB', 'none'];
export const CACHE_STATES: readonly string[] = LINE_STATES;

const NO_LEAF = -1;
const memoryType: FactWords = {
  names: MEMORY_TYPES,
  numberOf: (name) => (name === 'none' ? NO_LEAF : memtypeNamed(name)),
  nameOf: (number) => (number === NO_LEAF ? 'none' : (memtypeName(number) ?? String(number))),
};
const lineState: FactWords = {
  names: CACHE_STATES,
  numberOf: (name) => CACHE_STATES.indexOf(name),
  nameOf: (number) => CACHE_STATES[number] ?? String(number),
};

const vm = { name: 'vm', kind: 'vm' } as const;
const vcpu = { name: 'vcpu', kind: 'vcpu' } as const;
const cpu = { name: 'cpu', kind: 'cpu' } as const;
const word = { name: 'word', kind: 'word' } as const;

const noncoherent: FactSpec<'vm', 'noncoherent'> = {
  name: 'noncoherent',
  params: [vm],
  doc: 'How many reasons for non-coherent DMA KVM counts for the VM (`noncoherent_dma_count`); true unless 0.',
  value: 'number',
  compile:
    ({ kvm }, { vm }) =>
    (state) => {
      const index = vm(state);
      return index < 0 ? 0 : kvm.noncoherentReasons(state, index as VmId);
    },
};

const exits: FactSpec<'vcpu' | 'exit', 'exits'> = {
  name: 'exits',
  params: [vcpu, { name: 'reason', kind: 'exit' }],
  doc: 'How often the vCPU left the guest for this reason, named as in VMX: EPT_VIOLATION is called NPF on AMD, DABT_LOW on arm64 and H_DATA_STORAGE on POWER.',
  value: 'number',
  compile: ({ counters }, { vcpu, exit }) => slot(counters.slot({ kind: 'exits', actor: vcpu, reason: exit })),
};

const flushes: FactSpec<'cpu', 'flushes'> = {
  name: 'flushes',
  params: [cpu],
  doc: 'How often WBINVD really ran on the physical CPU.',
  value: 'number',
  compile: ({ counters }, { cpu }) => slot(counters.slot({ kind: 'flushes', cpu })),
};

const zaps: FactSpec<'vm', 'zaps'> = {
  name: 'zaps',
  params: [vm],
  doc: 'How often KVM zapped leaves of the VM, because memory types or memory slots changed: one call of kvm_zap_gfn_range() or a zap of all is one, however many leaves go.',
  value: 'number',
  compile: ({ counters, dims }, { vm }) => {
    const slots = Array.from({ length: dims.vms }, (_, i) => counters.slot({ kind: 'zaps', vm: i }));
    return (state) => state[slots[vm(state)] ?? -1] ?? 0;
  },
};

const ept: FactSpec<'vm' | 'word', 'ept'> = {
  name: 'ept',
  params: [vm, word],
  doc: 'The memory type in the EPT or NPT leaf of the word.',
  value: memoryType,
  compile: (world, { vm, word }) => {
    const page = world.topology.words[word]?.page as number;
    return (state) => {
      const leaf = leafIn(world, state, vm(state), page);
      return (leaf & LEAF.present) === 0 ? NO_LEAF : leafType(leaf);
    };
  },
};

const memtype: FactSpec<'vcpu' | 'word', 'memtype'> = {
  name: 'memtype',
  params: [vcpu, word],
  doc: 'The effective memory type of an access of the vCPU to the word.',
  value: memoryType,
  compile: (world, { vcpu, word }) => {
    const { kvm, topology } = world;
    const page = topology.words[word]?.page as number;
    return (state) => {
      const object = state[kvm.actorVcpu.base + vcpu]! - 1;
      const vm = object < 0 ? -1 : state[kvm.vcpuVm.base + object]! - 1;
      const leaf = leafIn(world, state, vm, page);
      if ((leaf & LEAF.present) === 0) return NO_LEAF;
      return kvm.mmu.effectiveTypeIn(state, vm as VmId, page as PageId, object as VcpuId);
    };
  },
};

const cache: FactSpec<'cpu' | 'word', 'cache'> = {
  name: 'cache',
  params: [cpu, word],
  doc: "The MESI state of the word's line in the cache of the physical CPU.",
  value: lineState,
  compile: ({ memory, topology }, { cpu, word }) =>
    slot(memory.lineState.base + cpu * topology.lines.length + topology.words[word]!.line),
};

const coherent: FactSpec<'group', 'coherent'> = {
  name: 'coherent',
  params: [{ name: 'group', kind: 'group' }],
  doc: 'What the kernel answers when KVM asks whether DMA of the group, given by its number, is cache coherent.',
  value: 'truth',
  compile:
    (world, { group }) =>
    (state) =>
      Number(groupCoherent(world, state, group as GroupId)),
};

/** Every fact, one line each. */
const TABLE = [noncoherent, exits, flushes, zaps, ept, memtype, cache, coherent] as const;

export type FactName = (typeof TABLE)[number]['name'];

export const FACTS: readonly FactSpec<keyof FactArguments, FactName>[] = TABLE;

export const factByName: ReadonlyMap<string, FactSpec<keyof FactArguments, FactName>> = new Map(
  FACTS.map((fact) => [fact.name, fact]),
);

/** A value of a fact as an outcome shows it: `yes`, `3`, `WB`. */
export function factText({ value }: FactSpec, number: number): string {
  if (value === 'truth') return number ? 'yes' : 'no';
  return value === 'number' ? String(number) : value.nameOf(number);
}

function slot(index: number): StateReader {
  return (state) => state[index]!;
}

/** The leaf that maps a page in a VM; 0 when there is no VM. */
function leafIn({ kvm, topology }: World, state: Int32Array, vm: number, page: number): number {
  return vm < 0 ? 0 : state[kvm.leaf.base + vm * topology.pages.length + page]!;
}
