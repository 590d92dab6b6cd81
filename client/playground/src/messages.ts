/** What the page and its worker say to each other beside LSP and DAP, which have ports of their own. */
import type { OutcomesPicture } from '@snoopscope/sim-core';
import type { ExploreMethod } from '@snoopscope/views/draw';

export type PageToWorker =
  /** Where the language server is spoken to. */
  | { readonly kind: 'language'; readonly port: MessagePort }
  /** Where a new session of the debug adapter is spoken to: one for each run. */
  | { readonly kind: 'debug'; readonly port: MessagePort }
  /** Texts by path, for the debugger and for includes. */
  | { readonly kind: 'files'; readonly files: Readonly<Record<string, string>> }
  | { readonly kind: 'job'; readonly id: number; readonly job: Job }
  | { readonly kind: 'cancel'; readonly id: number };

export interface Job {
  readonly kind: 'check' | 'explore' | 'compare';
  readonly path: string;
  readonly text: string;
  /** The kernel that was chosen; a check and a comparison name their own. */
  readonly kernel?: string;
  /** Of an exploration. */
  readonly method?: ExploreMethod;
}

export type FromWorker = { readonly kind: 'answer'; readonly id: number; readonly answer: JobAnswer };

export type JobAnswer =
  /** How far it is, a few times a second; `share` is what is done, 0 to 1, where that is known. */
  | { readonly kind: 'progress'; readonly text: string; readonly share?: number }
  /** The scenario cannot run. */
  | { readonly kind: 'broken'; readonly problems: readonly string[] }
  | {
      readonly kind: 'checked';
      readonly lines: readonly string[];
      readonly passed: boolean | undefined;
      readonly skipped: boolean;
    }
  | { readonly kind: 'explored'; readonly lines: readonly string[]; readonly picture: OutcomesPicture }
  /** Nothing was explored: how much there is. */
  | { readonly kind: 'estimated'; readonly lines: readonly string[] }
  | { readonly kind: 'compared'; readonly table: KernelTable }
  | { readonly kind: 'failed'; readonly message: string };

/** Verdicts by ranges of kernels that judge alike. */
export interface KernelTable {
  readonly kernels: readonly { readonly name: string; readonly oldest: string; readonly passed: boolean | undefined }[];
  readonly rows: readonly {
    readonly condition: string;
    /** One a range of kernels; undefined where the condition is not for it. */
    readonly cells: readonly (TableCell | undefined)[];
  }[];
}

export interface TableCell {
  readonly holds: boolean | undefined;
  /** Leads to a state that shows or refutes it. */
  readonly schedule?: string;
}
