import type { Op, Span } from '@snoopscope/sim-core';

/** Something that may be written at a place. */
export interface Offer {
  readonly label: string;
  readonly kind: OfferKind;
  /** After the label: `(fd, request, arg)`. */
  readonly detail?: string;
  /** At the right edge: what it is, or which kernels have it. */
  readonly description?: string;
  /** A snippet; the label when left out. */
  readonly snippet?: string;
  /** Its record, for documentation: see {@link aboutText}. */
  readonly about?: About;
  /** 0 fits best. */
  readonly rank: number;
  /** The kernel of the scenario does not have it. */
  readonly absent?: boolean;
}
export type OfferKind =
  | 'keyword'
  | 'call'
  | 'request'
  | 'instruction'
  | 'constant'
  | 'errno'
  | 'field'
  | 'option'
  | 'value'
  | 'name'
  | 'word'
  | 'actor'
  | 'register'
  | 'fact'
  | 'finding'
  | 'proc'
  | 'version'
  | 'text';

/** Which record documents an offer; plain data, since it travels to the client and back. */
export type About =
  | { readonly kind: 'op'; readonly op: Op['kind']; readonly name: string }
  | { readonly kind: 'keyword' | 'constant' | 'fact' | 'finding'; readonly name: string }
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'errno'; readonly name: string; readonly of?: { readonly op: Op['kind']; readonly name: string } }
  | { readonly kind: 'field'; readonly struct: string; readonly name: string }
  | { readonly kind: 'option'; readonly owner: string; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

export interface Offers {
  /** What an accepted offer replaces. */
  readonly replace: Span;
  readonly offers: readonly Offer[];
}
