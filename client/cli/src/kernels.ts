/** From the name of a kernel to its profile. */
import { didYouMean, nearest, PROFILES, type Profile, profileNamed } from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import type { ScenarioFile } from './scenario-file.ts';

/** The newest mainline release: what runs when neither the call nor the scenario names a kernel. */
export function newestProfile(): Profile {
  return PROFILES.findLast((profile) => profile.mainline) as Profile;
}

/** The profile of a name; an unknown name is a Failure that lists the known ones. */
export function profileOf(name: string): Profile {
  const known = profileNamed(name) ?? profileNamed(`v${name}`);
  if (known) return known;
  const near = nearest(
    name,
    PROFILES.map((profile) => profile.name),
  );
  throw new Failure(`There is no kernel profile \`${name}\`${didYouMean(near)} Known are ${knownKernels()}.`, {
    code: 'unknown-kernel',
  });
}

/** What a plain run uses: the scenario's `kernel` line, else the newest release. */
export function ownProfile(file: ScenarioFile): Profile {
  for (const { content } of file.parsed.lines) if (content.kind === 'kernel') return profileOf(content.version.text);
  return newestProfile();
}

/** `v3.12 … v7.3 and series-v1`: mainline as one range, all others by name. */
export function knownKernels(): string {
  const mainline = PROFILES.filter((profile) => profile.mainline);
  const others = PROFILES.filter((profile) => !profile.mainline).map((profile) => profile.name);
  return [`${mainline[0]?.name} to ${mainline.at(-1)?.name}`, ...others].join(', ');
}
