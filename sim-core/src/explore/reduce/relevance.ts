/**
 * What a search need not look at, because nothing that is asked depends on it.
 *
 * The versions of words and the bare-metal ghost exist for monitors alone. When no finding of a monitor that looks at
 * memory is counted, stops the search or occurs in a condition, their slots keep their first value throughout.
 */
import type { Model } from '../../engine/model.ts';
import { MONITORS } from '../../engine/monitors/table.ts';
import { FINDINGS, type Finding } from '../../state/event.ts';
import type { FindingPolicy } from '../exploration.ts';

export function mutedSlots(model: Model, policyOf: (finding: Finding) => FindingPolicy): number[] {
  const { memory, ghost } = model.world;
  const watching = MONITORS.some((monitor) => {
    if (policyOf(monitor.finding) === 'ignore' && !model.tracked.has(monitor.finding)) return false;
    const moments = monitor.listen(model.world, () => {});
    return moments.cpuLoad !== undefined || moments.deviceRead !== undefined || moments.writeback !== undefined;
  });
  // Who watches without a monitor of the table (`leak`, `belief`) is not known to leave memory alone.
  const others = (['leak', 'belief', 'belief-cost'] as const).some(
    (finding) => policyOf(finding) !== 'ignore' || model.tracked.has(finding),
  );
  if (watching || others) return [];
  const fields = [
    memory.dramVersion,
    memory.cachedVersion,
    memory.wcVersion,
    memory.latest,
    ghost.guaranteed,
    ghost.cpuWrite,
    ghost.deviceWrite,
    ghost.dirtyIn,
    ghost.mayHoldOld,
    ghost.combining,
  ];
  return fields.flatMap((field) => Array.from({ length: field.size }, (_, i) => field.base + i));
}

/** Findings that somebody wants to know about, by their indices. */
export function watchedFindings(model: Model, policyOf: (finding: Finding) => FindingPolicy): Set<number> {
  return new Set(
    FINDINGS.flatMap((finding, i) => (policyOf(finding) !== 'ignore' || model.tracked.has(finding) ? [i] : [])),
  );
}
