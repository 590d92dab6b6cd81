/** How a scenario is to be explored: what a reader of its outcomes chooses. */
import { MAX_SEED } from '@snoopscope/sim-core';

export type ExploreMethod =
  /** All interleavings. */
  | { readonly kind: 'all' }
  /** Those with at most so many switches. */
  | { readonly kind: 'switches'; readonly most: number }
  /** Some, drawn at random: uniformly, or by PCT for bugs that need so many ordering constraints. */
  | { readonly kind: 'random'; readonly runs: number; readonly seed: number; readonly pctDepth?: number }
  /** None: only how many there are. */
  | { readonly kind: 'estimate' };

/** What numbers of a method may be. */
export const METHOD_NUMBERS = {
  most: { least: 0, largest: 1000, usual: 2 },
  runs: { least: 1, largest: 2 ** 32, usual: 1000 },
  seed: { least: 0, largest: MAX_SEED, usual: 1 },
  pctDepth: { least: 1, largest: 1000, usual: 3 },
} as const;

export type MethodNumber = keyof typeof METHOD_NUMBERS;

/** An exploration as its page shows it beside the outcomes. */
export interface ExplorationState {
  readonly method: ExploreMethod;
  readonly running: boolean;
  /** How much is done, 0 to 1, where that is known. */
  readonly share?: number;
  /** How far it is, or what it came to. */
  readonly lines: readonly string[];
}
