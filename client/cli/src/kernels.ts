/** From the name of a kernel to its profile. */
import { kernelName, noKernel, type Profile, profileNamed } from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import type { ScenarioFile } from './scenario-file.ts';

/** The profile of a name; an unknown name is a Failure that lists the known ones. */
export function profileOf(name: string): Profile {
  const known = profileNamed(name) ?? profileNamed(`v${name}`);
  if (known) return known;
  throw new Failure(noKernel(name).message, { code: 'unknown-kernel' });
}

/** What a plain run uses: the scenario's `kernel` line, else the newest release. */
export function ownProfile(file: ScenarioFile): Profile {
  return profileOf(kernelName(file.parsed));
}
