/**
 * What a search need not look at, because nothing that is asked depends on it.
 *
 * The versions of words and the bare-metal ghost exist for monitors alone. When no finding of a monitor that needs
 * them is counted, stops the search or occurs in a condition, their slots keep their first value throughout.
 */
import type { Model } from '../../engine/model.ts';
import { FINDINGS, type Finding, MONITORS } from '../../engine/monitors/table.ts';
import type { FindingPolicy } from '../exploration.ts';

export function projectedOutSlots(model: Model, policyOf: (finding: Finding) => FindingPolicy): number[] {
  const { memory, ghost } = model.world;
  const asked = MONITORS.some(
    ({ finding, needsVersions }) => needsVersions && (policyOf(finding) !== 'ignore' || model.tracked.has(finding)),
  );
  if (asked) return [];
  const fields = [...memory.versions, ...ghost.versions, ...ghost.marks];
  return fields.flatMap((field) => Array.from({ length: field.size }, (_, i) => field.base + i));
}

/** Findings that somebody wants to know about, by their indices. */
export function watchedFindings(model: Model, policyOf: (finding: Finding) => FindingPolicy): Set<number> {
  return new Set(
    FINDINGS.flatMap((finding, i) => (policyOf(finding) !== 'ignore' || model.tracked.has(finding) ? [i] : [])),
  );
}
