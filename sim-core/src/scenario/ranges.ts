import type { Profile } from '../kernel/profiles.ts';
import { parseRanges } from './condition.ts';
import { rangesContain } from './elaborate/kernel-ranges.ts';
import { LineScanner } from './line-scanner.ts';

/**
 * Whether a profile is in a range as tables write it: `v6.6..`, `v3.13..v5.18`. A profile that is not a mainline release
 * counts as the one it is nearest to, unlike in conditions, which must name it.
 */
export function rangeTextContains(text: string, profile: Profile): boolean {
  const key = `${text} ${profile.version}`;
  let contains = known.get(key);
  if (contains === undefined) {
    const nearest = { ...profile, name: profile.version, mainline: true };
    contains = rangesContain(parseRanges(new LineScanner(text, text.length)), nearest);
    known.set(key, contains);
  }
  return contains;
}

/** Tables have few ranges, and checks ask for each word of a scenario on each kernel. */
const known = new Map<string, boolean>();
