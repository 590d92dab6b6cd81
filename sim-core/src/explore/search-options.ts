/** What a search takes when nothing else is said, and what only those say who run it in parts or test it. */

import type { Model } from '../engine/model.ts';
import type { Finding } from '../engine/monitors/table.ts';
import type { ExploreOptions, FindingPolicy, Reductions } from './exploration.ts';
import type { Ahead } from './parallel/ahead.ts';
import { projectedOutSlots, watchedFindings } from './reduce/relevance.ts';
import type { FindingSite } from './sites.ts';
import type { SpaceOptions } from './space.ts';
import { FingerprintStore } from './states/fingerprint-store.ts';
import { MAX_NUMBERED, StateStore, type Store } from './states/store.ts';

/** States stored at most when the caller does not say. */
export const DEFAULT_MAX_STATES = 50_000_000;
/** Bytes held at most when the caller does not say. */
const DEFAULT_MAX_BYTES = 2 * 1024 ** 3;

export type Limits = Required<Pick<ExploreOptions, 'maxStates' | 'maxBytes' | 'maxDepth'>>;

/** The limits that a search keeps; each state is expanded whole, and its successors must have numbers. */
export function limitsOf(model: Model, options: ExploreOptions): Limits {
  const { maxStates = DEFAULT_MAX_STATES, maxBytes = DEFAULT_MAX_BYTES, maxDepth = Number.POSITIVE_INFINITY } = options;
  return { maxStates: Math.min(maxStates, MAX_NUMBERED - model.moves.length), maxBytes, maxDepth };
}

/**
 * A search that ends before so many states is over sooner than facts to look ahead with could be gathered. One that does
 * not restarts with the reductions that look ahead.
 */
export const LOOK_AHEAD_FROM = 2000;

/** Slots of all machines on which something is learned in one step: some milliseconds. */
export const SLICE_SLOTS = 250_000;

/** How a search is part of a parallel one, and what tests turn at. */
export interface SharedOptions {
  /** The search is over when it has met all of these. */
  readonly untilFound?: readonly FindingSite[];
  /** Stored states from which on looking ahead pays; {@link LOOK_AHEAD_FROM} when left out. */
  readonly lookAheadFrom?: number;
  /** Stored states from which on slots are packed together, even where that makes no state shorter. */
  readonly condenseFrom?: number;
  /** Levels of at least so many states are left to workers. */
  readonly sharedLevel?: number;
  /** With fingerprints: states that keep their words all the same. */
  readonly remembered?: number;
  readonly newStore?: (words: number, sleeping: boolean) => Store;
  /** Workers that find out successors before the search comes to their states. */
  readonly ahead?: Ahead;
}

/** What states are stored in, as the options say. */
function newStore({ fingerprint, remembered }: ExploreOptions & SharedOptions): SpaceOptions['newStore'] {
  return (words, sleeping) =>
    fingerprint ? new FingerprintStore(words, sleeping, remembered) : new StateStore(words, sleeping);
}

export function spaceOptionsOf(
  model: Model,
  options: ExploreOptions & SharedOptions,
  reductions: Reductions,
  { policyOf, sites }: { readonly policyOf: (finding: Finding) => FindingPolicy } & Pick<SpaceOptions, 'sites'>,
  judge: SpaceOptions['judge'],
): SpaceOptions {
  return {
    granularity: options.granularity ?? model.granularity,
    reductions,
    sites,
    watched: watchedFindings(model, policyOf),
    projectedOut: reductions.deadState ? projectedOutSlots(model, policyOf) : [],
    judge,
    newStore: options.newStore ?? newStore(options),
    condenseFrom: options.condenseFrom,
  };
}
