import { EXIT_REASONS } from '../state/event.ts';

/**
 * What a final condition may ask about the machine. The elaborator evaluates them; checks, completion,
 * hover and the grammar read their names and shapes here.
 */
export interface FactSpec {
  /** `exits` of `exits(vcpu0, WBINVD)`. */
  readonly name: string;
  readonly params: readonly FactParam[];
  /** One sentence. */
  readonly doc: string;
  /** What it gives: a truth value, a number, or one of the words. */
  readonly value: 'truth' | 'number' | readonly string[];
}
export interface FactParam {
  readonly name: string;
  /** `group` is the number of a VFIO group, `vm` a name bound to a VM's descriptor. */
  readonly kind: 'vm' | 'vcpu' | 'cpu' | 'word' | 'group' | 'exit';
}

/** What `ept` and `memtype` are compared with; `none` when there is no leaf. */
export const MEMORY_TYPES: readonly string[] = ['UC', 'WC', 'WT', 'WP', 'WB', 'none'];
export const CACHE_STATES: readonly string[] = ['I', 'S', 'E', 'M'];
export { EXIT_REASONS };

const vm: FactParam = { name: 'vm', kind: 'vm' };
const vcpu: FactParam = { name: 'vcpu', kind: 'vcpu' };
const cpu: FactParam = { name: 'cpu', kind: 'cpu' };
const word: FactParam = { name: 'word', kind: 'word' };
const reason: FactParam = { name: 'reason', kind: 'exit' };
const group: FactParam = { name: 'group', kind: 'group' };

export const FACTS: readonly FactSpec[] = [
  {
    name: 'noncoherent',
    params: [vm],
    doc: 'How many reasons for non-coherent DMA KVM counts for the VM (`noncoherent_dma_count`); true unless 0.',
    value: 'number',
  },
  { name: 'exits', params: [vcpu, reason], doc: 'How often the vCPU left the guest for this reason.', value: 'number' },
  { name: 'flushes', params: [cpu], doc: 'How often WBINVD really ran on the physical CPU.', value: 'number' },
  {
    name: 'zaps',
    params: [vm],
    doc: 'How often KVM zapped EPT or NPT leaves of the VM because memory types changed.',
    value: 'number',
  },
  { name: 'ept', params: [vm, word], doc: 'The memory type in the EPT or NPT leaf of the word.', value: MEMORY_TYPES },
  {
    name: 'memtype',
    params: [vcpu, word],
    doc: 'The effective memory type of an access of the vCPU to the word.',
    value: MEMORY_TYPES,
  },
  {
    name: 'cache',
    params: [cpu, word],
    doc: "The MESI state of the word's line in the cache of the physical CPU.",
    value: CACHE_STATES,
  },
  {
    name: 'coherent',
    params: [group],
    doc: 'What the kernel answers when KVM asks whether DMA of the group, given by its number, is cache coherent.',
    value: 'truth',
  },
];

export const factByName: ReadonlyMap<string, FactSpec> = new Map(FACTS.map((fact) => [fact.name, fact]));
