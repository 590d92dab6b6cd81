// What a view's page and the extension say to each other.
import type { ExplorationState, Intent, Picture } from '@snoopscope/views/draw';

/** To the page. */
export type ToPage =
  | { readonly kind: 'picture'; readonly picture: Picture }
  /** There is none: nothing is debugged. */
  | { readonly kind: 'nothing' }
  /** The cursor could not be moved to where the reader has put it. */
  | { readonly kind: 'refused' }
  /** Of the page of outcomes: how its scenario is explored, and how far that is. */
  | { readonly kind: 'exploration'; readonly exploration: ExplorationState }
  /** The views' own words, in the user's language. */
  | { readonly kind: 'words'; readonly words: Readonly<Record<string, string>> };

/** From the page. */
export type FromPage =
  /** It listens. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'intent'; readonly intent: Intent }
  /** It has lost the focus. */
  | { readonly kind: 'blurred' };
