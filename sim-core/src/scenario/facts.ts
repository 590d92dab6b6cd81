import { MEMTYPE } from '../memory/memtype.ts';

/**
 * What a final condition may ask about the machine, and the findings it may name. The elaborator evaluates them; checks,
 * completion, hover and the grammar read their names and shapes here.
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
  readonly kind: 'vm' | 'vcpu' | 'cpu' | 'word' | 'group' | 'exit';
}

export const MEMORY_TYPES: readonly string[] = Object.keys(MEMTYPE);
export const CACHE_STATES: readonly string[] = ['I', 'S', 'E', 'M'];
export const EXIT_REASONS: readonly string[] = [
  'WBINVD',
  'INVD',
  'CR_ACCESS',
  'MSR_WRITE',
  'HLT',
  'IO_INSTRUCTION',
  'EPT_VIOLATION',
];

export const FACTS: readonly FactSpec[] = [
  {
    name: 'noncoherent',
    params: [{ name: 'vm', kind: 'vm' }],
    doc: 'How many reasons for non-coherent DMA KVM counts for the VM (`noncoherent_dma_count`); true unless 0.',
    value: 'number',
  },
  {
    name: 'exits',
    params: [
      { name: 'vcpu', kind: 'vcpu' },
      { name: 'reason', kind: 'exit' },
    ],
    doc: 'How often the vCPU left the guest for this reason.',
    value: 'number',
  },
  {
    name: 'flushes',
    params: [{ name: 'cpu', kind: 'cpu' }],
    doc: 'How often WBINVD really ran on the physical CPU.',
    value: 'number',
  },
  {
    name: 'zaps',
    params: [{ name: 'vm', kind: 'vm' }],
    doc: 'How often KVM zapped the EPT or NPT leaves of the VM because memory types changed.',
    value: 'number',
  },
  {
    name: 'ept',
    params: [
      { name: 'vm', kind: 'vm' },
      { name: 'word', kind: 'word' },
    ],
    doc: 'The memory type in the EPT or NPT leaf of the word.',
    value: MEMORY_TYPES,
  },
  {
    name: 'memtype',
    params: [
      { name: 'vcpu', kind: 'vcpu' },
      { name: 'word', kind: 'word' },
    ],
    doc: 'The effective memory type of an access of the vCPU to the word.',
    value: MEMORY_TYPES,
  },
  {
    name: 'cache',
    params: [
      { name: 'cpu', kind: 'cpu' },
      { name: 'word', kind: 'word' },
    ],
    doc: 'The MESI state of the word’s line in the cache of the physical CPU.',
    value: CACHE_STATES,
  },
  {
    name: 'coherent',
    params: [{ name: 'group', kind: 'group' }],
    doc: 'What the kernel answers KVM when asked whether DMA of the group is cache coherent.',
    value: 'truth',
  },
];

export interface FindingSpec {
  readonly name: string;
  readonly doc: string;
}

export const FINDINGS: readonly FindingSpec[] = [
  { name: 'stale-read', doc: 'A read returned a value older than the guest was promised.' },
  {
    name: 'unflushed-read',
    doc: 'A read returned an old value because the guest did not flush; bare metal would fail too.',
  },
  { name: 'lost-write', doc: 'A no-snoop DMA write disappeared under a later write-back.' },
  { name: 'leak', doc: 'Someone outside the host read what a page held before it was given to the VM.' },
  {
    name: 'belief',
    doc: 'KVM believes DMA to be coherent while a device of the VM can bypass the caches, or the reverse.',
  },
  { name: 'use-after-free', doc: 'The kernel used an object after it was freed.' },
  { name: 'deadlock', doc: 'Actors wait for each other for ever.' },
  { name: 'kernel-warning', doc: 'The kernel ran into one of its own WARN_ON.' },
  { name: 'dma-fault', doc: 'The IOMMU blocked a TLP.' },
  { name: 'unexpected-result', doc: 'A system call did not return what the scenario declares.' },
];

export const factByName: ReadonlyMap<string, FactSpec> = new Map(FACTS.map((fact) => [fact.name, fact]));
export const findingByName: ReadonlyMap<string, FindingSpec> = new Map(
  FINDINGS.map((finding) => [finding.name, finding]),
);
