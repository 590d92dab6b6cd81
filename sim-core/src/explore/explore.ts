/** A search from its beginning to its end. */
import type { Model } from '../engine/model.ts';
import { type Exploration, type ExploreOptions, SLICE_MOVES } from './exploration.ts';
import { Search } from './search.ts';
import type { SharedOptions } from './search-options.ts';

/** Explores to the end or to a limit. */
export function explore(model: Model, options: ExploreOptions & SharedOptions = {}): Exploration {
  const search = new Search(model, options);
  while (search.step(SLICE_MOVES)) if (options.shouldStop?.(search.progress())) search.stop({ kind: 'stopped' });
  return search.result();
}
