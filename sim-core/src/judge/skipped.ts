import type { Model } from '../engine/model.ts';

/**
 * Why nothing was judged; undefined when something was. A file without actors and conditions, those of the files that it
 * includes counted, has procedures for others to include.
 */
export function skipReason({ world, conditions }: Model): string | undefined {
  return world.topology.actors.length === 0 && conditions.length === 0 ? 'it has no actors' : undefined;
}
