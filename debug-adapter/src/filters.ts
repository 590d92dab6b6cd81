/** What the *Breakpoints* view offers as exceptions: everything that a run may be stopped for wherever it happens. */
import { FINDINGS, type Finding, MONITORS } from '@snoopscope/sim-core';

export interface Filter {
  /** Its id in the protocol; for findings the word of the language. */
  readonly id: string;
  readonly label: string;
  readonly doc: string;
  readonly stopsByDefault: boolean;
  readonly kind:
    | { readonly kind: 'registration' }
    | { readonly kind: 'wbinvd-exit' }
    | { readonly kind: 'finding'; readonly finding: Finding };
}

const LABELS: Readonly<Record<Finding, string>> = {
  'stale-read': 'Stale read',
  'unflushed-read': 'Unflushed read',
  'lost-write': 'Lost write',
  leak: 'Leak',
  belief: 'Wrong belief',
  'belief-cost': 'Costly belief',
  'use-after-free': 'Use after free',
  deadlock: 'Deadlock',
  'kernel-warning': 'Kernel warning',
  'dma-fault': 'DMA fault',
  'unexpected-result': 'Unexpected result',
};

/** Findings that no monitor makes, because a part of the machine reports them itself. */
const OWN_DOCS: Partial<Readonly<Record<Finding, string>>> = {
  'use-after-free': 'The kernel used an object after it was freed.',
  deadlock: 'An actor waits for a lock that nobody will release.',
  'kernel-warning': 'The kernel ran into one of its own warnings.',
  leak: 'Someone outside the host read what a page held before it was given to the VM.',
  belief: 'KVM believes DMA to be coherent while a device of the VM can bypass the caches.',
  'belief-cost':
    'KVM believes DMA to be non-coherent though no device of the VM can bypass the caches: it pays for nothing.',
};

/** Information, or a belief that need not do harm: interesting, but no reason to stop everybody. */
const QUIET: ReadonlySet<Finding> = new Set(['unflushed-read', 'belief', 'belief-cost']);

export const FILTERS: readonly Filter[] = [
  {
    id: 'group-registration',
    label: 'Group registration',
    doc: 'Stops when KVM_DEV_VFIO_GROUP_ADD, FILE_ADD, GROUP_DEL or FILE_DEL has returned.',
    stopsByDefault: false,
    kind: { kind: 'registration' },
  },
  {
    id: 'wbinvd-exit',
    label: 'WBINVD exit',
    doc: 'Stops when a vCPU leaves the guest because it executes WBINVD.',
    stopsByDefault: false,
    kind: { kind: 'wbinvd-exit' },
  },
  ...FINDINGS.map(
    (finding): Filter => ({
      id: finding,
      label: LABELS[finding],
      doc: MONITORS.find((monitor) => monitor.finding === finding)?.doc ?? OWN_DOCS[finding] ?? LABELS[finding],
      stopsByDefault: !QUIET.has(finding),
      kind: { kind: 'finding', finding },
    }),
  ),
];

export const filterById: ReadonlyMap<string, Filter> = new Map(FILTERS.map((filter) => [filter.id, filter]));

export function filterOfFinding(index: number): Filter | undefined {
  return filterById.get(FINDINGS[index] ?? '');
}
