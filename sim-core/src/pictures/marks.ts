/** What of a run a timeline marks: the kinds, with the letter that says the same as shape and colour. */
import type { Happening } from '../state/event.ts';

export interface MarkKind {
  /** One or two characters that tell it from the others. */
  readonly letter: string;
  /** What it is, for legends and filters. */
  readonly label: string;
}

/** The most telling first: that is what a cell says that stands for many. */
export const MARK_KINDS = {
  finding: { letter: '!', label: 'finding' },
  'dma-fault': { letter: 'F', label: 'DMA fault' },
  exception: { letter: 'G', label: 'exception' },
  message: { letter: 'K', label: 'kernel message' },
  exit: { letter: 'X', label: 'VM exit' },
  'user-exit': { letter: 'U', label: 'exit to user space' },
  wbinvd: { letter: 'W', label: 'WBINVD' },
  zap: { letter: 'Z', label: 'leaves zapped' },
  tlp: { letter: 'T', label: 'TLP' },
  posted: { letter: 'P', label: 'posted request' },
  msi: { letter: 'I', label: 'MSI' },
  writeback: { letter: 'B', label: 'write-back' },
  migration: { letter: 'L', label: 'vCPU loaded' },
  access: { letter: 'A', label: 'load or store' },
  buffered: { letter: 'Q', label: 'waits in a store buffer' },
  'vm-destroyed': { letter: 'D', label: 'VM destroyed' },
  line: { letter: 'M', label: 'state of a cache line' },
  move: { letter: 'E', label: 'environment' },
} as const satisfies Readonly<Record<string, MarkKind>>;

export type MarkName = keyof typeof MARK_KINDS;
export const MARK_NAMES = Object.keys(MARK_KINDS) as readonly MarkName[];

/** Happenings that are marked; the others begin or end a statement, a function or a step. */
export const MARK_OF: Readonly<Partial<Record<Happening, MarkName>>> = {
  finding: 'finding',
  'dma-fault': 'dma-fault',
  exception: 'exception',
  message: 'message',
  exit: 'exit',
  'user-exit': 'user-exit',
  wbinvd: 'wbinvd',
  zap: 'zap',
  tlp: 'tlp',
  posted: 'posted',
  msi: 'msi',
  writeback: 'writeback',
  'vcpu-load': 'migration',
  access: 'access',
  buffered: 'buffered',
  'vm-destroyed': 'vm-destroyed',
  environment: 'move',
};

/** Why an arrow is drawn. */
export const ARROW_KINDS = ['not snooped', 'snooped', 'IPI', 'write-back'] as const;
export type ArrowKind = (typeof ARROW_KINDS)[number];
