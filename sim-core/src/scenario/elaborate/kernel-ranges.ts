/** `on v3.13..v5.11`: which profiles a condition is for. */
import { compareVersions } from '../../kernel/changes.ts';
import { PROFILES, type Profile, profileNamed } from '../../kernel/profiles.ts';
import type { VersionRange } from '../ast.ts';

/** A range holds mainline releases between its ends; any profile counts when it is named alone. No range: all. */
export function rangesContain(ranges: readonly VersionRange[], profile: Profile): boolean {
  return ranges.length === 0 || ranges.some((range) => contains(range, profile));
}

function contains(range: VersionRange, profile: Profile): boolean {
  const single = range.from !== undefined && range.from === range.to ? range.from.text : undefined;
  if (single !== undefined || (range.from && range.to && range.from.text === range.to.text)) {
    return profile.name === range.from?.text;
  }
  if (!profile.mainline) return false;
  const from = range.from && profileNamed(range.from.text);
  const to = range.to && profileNamed(range.to.text);
  if (range.from && (!from || compareVersions(profile.version, from.version) < 0)) return false;
  if (range.to && (!to || compareVersions(profile.version, to.version) > 0)) return false;
  return true;
}

/** Every profile that one of the ranges contains, oldest first; the named ones that are not mainline releases come last. */
export function profilesIn(ranges: readonly VersionRange[]): Profile[] {
  return PROFILES.filter((profile) => ranges.some((range) => contains(range, profile)));
}
