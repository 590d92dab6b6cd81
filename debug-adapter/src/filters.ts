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
    | { readonly kind: 'failed-call' }
    | { readonly kind: 'vm-exit' }
    | { readonly kind: 'noncoherent-count' }
    | { readonly kind: 'finding'; readonly finding: Finding };
}

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
  {
    id: 'failed-call',
    label: 'Call failed',
    doc: 'Stops when a system call has returned an errno, and says which check of the kernel decided. A condition chooses: `errno == EINVAL`.',
    stopsByDefault: false,
    kind: { kind: 'failed-call' },
  },
  {
    id: 'vm-exit',
    label: 'Any VM exit',
    doc: 'Stops whenever a vCPU leaves the guest, for whatever reason.',
    stopsByDefault: false,
    kind: { kind: 'vm-exit' },
  },
  {
    id: 'noncoherent-count',
    label: 'Non-coherent DMA count changes',
    doc: 'Stops when the noncoherent_dma_count of a VM goes up or down.',
    stopsByDefault: false,
    kind: { kind: 'noncoherent-count' },
  },
  ...MONITORS.map(
    ({ finding, label, doc, stopsByDefault }): Filter => ({
      id: finding,
      label,
      doc,
      stopsByDefault,
      kind: { kind: 'finding', finding },
    }),
  ),
];

export const filterById: ReadonlyMap<string, Filter> = new Map(FILTERS.map((filter) => [filter.id, filter]));

export function filterOfFinding(index: number): Filter | undefined {
  return filterById.get(FINDINGS[index] ?? '');
}
