/** `on v3.13..v5.11`: which profiles a condition is for. */
import { compareVersions } from '../../kernel/changes.ts';
import type { NamedKernels } from '../../kernel/named-kernels.ts';
import { PROFILES, type Profile } from '../../kernel/profiles.ts';
import { profileLike } from '../../kernel/releases.ts';
import type { VersionRange } from '../ast.ts';

/** A range holds mainline releases between its ends; any kernel counts when it is named alone. No range: all. */
export function rangesContain(ranges: readonly VersionRange[], profile: Profile, named?: NamedKernels): boolean {
  return ranges.length === 0 || ranges.some((range) => contains(range, profile, named));
}

function contains(range: VersionRange, profile: Profile, named: NamedKernels | undefined): boolean {
  const single = singleName(range);
  if (single !== undefined) return profile.name === profileLike(single, named)?.name;
  if (!profile.mainline) return false;
  const from = range.from && profileLike(range.from.text, named);
  const to = range.to && profileLike(range.to.text, named);
  if (range.from && (!from || compareVersions(profile.version, from.version) < 0)) return false;
  if (range.to && (!to || compareVersions(profile.version, to.version) > 0)) return false;
  return true;
}

/** Every profile that one of the ranges contains, oldest first; then the named kernels that are not in the table of profiles. */
export function profilesIn(ranges: readonly VersionRange[], named?: NamedKernels): Profile[] {
  const profiles = PROFILES.filter((profile) => ranges.some((range) => contains(range, profile, named)));
  for (const range of ranges) {
    const single = singleName(range);
    const own = single === undefined ? undefined : profileLike(single, named);
    if (own && !profiles.some(({ name }) => name === own.name)) profiles.push(own);
  }
  return profiles;
}

function singleName({ from, to }: VersionRange): string | undefined {
  return from !== undefined && from.text === to?.text ? from.text : undefined;
}
