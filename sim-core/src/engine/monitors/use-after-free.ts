import type { Monitor } from './monitors.ts';

/** The part of the kernel that notices it reports it. */
export const useAfterFree: Monitor<'use-after-free'> = {
  finding: 'use-after-free',
  label: 'Use after free',
  doc: 'The kernel used an object after its last reference was gone.',
  sources: [{ document: 'linux', place: 'virt/kvm/kvm_main.c kvm_put_kvm()' }],
  fails: 'always',
  stopsByDefault: true,
  operands: ['number', 'freed'],
  headline: (_index, freed) => `the kernel used ${freed} after it was freed`,
  explainedBy: 'freed-object',
  needsVersions: false,
};
