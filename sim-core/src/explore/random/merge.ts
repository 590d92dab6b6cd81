/** Puts together what several machines found out about one scenario on one kernel, each on its share of the runs. */
import type { Exploration } from '../exploration.ts';
import { explorationOf } from './sample.ts';
import { mergeRandom, NotMergeable } from './shards.ts';

/**
 * Explorations of the same model. Random ones must be shares of the same runs, and give what all of these give on one
 * machine. Of others, a complete one knows everything; two that met a limit overlap in an unknown part and cannot be
 * put together. Throws {@link NotMergeable}.
 */
export function mergeExplorations(parts: readonly Exploration[]): Exploration {
  const [first] = parts;
  if (!first) throw new NotMergeable('there is nothing to merge');
  const same = (one: Exploration): string =>
    JSON.stringify([one.granularity, one.terms, one.conditions.map((c) => [c.quantifier, c.text, c.applies])]);
  if (parts.some((part) => same(part) !== same(first))) {
    throw new NotMergeable('the results are of different scenarios, kernels or granularities: their conditions differ');
  }
  const complete = parts.find((part) => part.complete && !part.fingerprints) ?? parts.find((part) => part.complete);
  if (complete) return complete;
  const random = parts.flatMap((part) => part.random ?? []);
  if (random.length === parts.length) return explorationOf(mergeRandom(random));
  if (parts.length === 1) return first;
  throw new NotMergeable(
    'a search that met a limit has seen a part of the states that cannot be told from that of the others; only shares of random runs, or a complete search, add anything',
  );
}
