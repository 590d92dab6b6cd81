/** What the user looks at in a run, and how the movements that lead there begin and end. */
import type { Deed } from '@snoopscope/sim-core';
import type { Hit } from './stop-index.ts';
import type { Yield } from './yielding.ts';

/** The environment as a mover. */
export const ENVIRONMENT = -1;

/** How a movement ended. */
export type MovementEnd =
  /** Where it was to lead: the actor has made its step. */
  | { readonly kind: 'moved'; readonly actor: number; readonly reveal?: number }
  | { readonly kind: 'hit'; readonly hits: readonly Hit[] }
  /** The run cannot continue; see `RunCursor.end`. */
  | { readonly kind: 'end' }
  | { readonly kind: 'beginning' }
  | { readonly kind: 'interrupted' };

/** Why a run ends that its end does not say: one of our own limits. */
export interface LimitReached {
  readonly kind: 'model-limit';
  readonly message: string;
}

export type Unit = 'statement' | 'micro';

/**
 * What the user looks at: an actor at a position, and how far into its calls. Above 0, `reveal` is a number of procedure
 * calls looked into without moving; below 0, a number of kernel functions that were entered and are not shown yet, so
 * that the caller's line of the call is on top.
 */
export interface Focus {
  readonly position: number;
  readonly actor: number;
  readonly reveal: number;
}

export function sameFocus(one: Focus, other: Focus): boolean {
  return one.position === other.position && one.actor === other.actor && one.reveal === other.reveal;
}

/** A step of the user, which a step back undoes. */
export interface UndoableStep {
  readonly from: Focus;
  readonly to: Focus;
}

/** Where a run parts from another one: what was moved before, and how the user came there. */
export interface Origin {
  /** The branch that it parts from, from 1. */
  readonly branch: number;
  readonly moves: readonly Deed[];
  readonly trail: readonly UndoableStep[];
}

export interface Movement {
  /** Lets messages in; the movement ends when `interrupted` then says so. */
  readonly pause: Yield;
  readonly interrupted: () => boolean;
  /** A log point was passed, going forward. */
  readonly passed: (hit: Hit) => void;
}

/** Where the user looks after a movement, apart from the position. */
export function focusAfter(outcome: MovementEnd, from: Focus): Focus {
  switch (outcome.kind) {
    case 'moved':
      return { ...from, actor: outcome.actor, reveal: outcome.reveal ?? 0 };
    case 'hit': {
      const first = outcome.hits[0]!;
      const reveal = Math.max(...outcome.hits.filter((hit) => hit.actor === first.actor).map((hit) => hit.reveal));
      return { ...from, actor: first.actor, reveal };
    }
    default:
      return { ...from, reveal: 0 };
  }
}
