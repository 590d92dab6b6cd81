/** From the name of a kernel to its profile. */
import { type KernelLike, kernelLike, kernelName, noKernel, type Profile } from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { Failure } from './failure.ts';
import type { ScenarioFile } from './scenario-file.ts';

/** The kernel that a name means; an unknown name is a Failure that lists the known ones. */
export function kernelFor(name: string): KernelLike {
  const like = kernelLike(name);
  if (like) return like;
  throw new Failure(noKernel(name).message, { code: 'unknown-kernel' });
}

/** The profile of a name where nothing could say that it is only the nearest one: such a name is a Failure, too. */
export function profileOf(name: string): Profile {
  const like = kernelFor(name);
  if (like.exact) return like.profile;
  throw new Failure(`${likeText(name, like)} Name the profile itself.`, { code: 'unknown-kernel' });
}

/** The profile that a call asks for. When it is only the nearest one, says so once on stderr. */
export function askedProfile(call: Invocation, name: string): Profile {
  const like = kernelFor(name);
  if (!like.exact) call.remark(likeText(name, like));
  return like.profile;
}

/** `6.8.0-45-generic is an Ubuntu kernel. The nearest profile is v6.8; which … is not known.` */
export function likeText(name: string, { kind, profile, unknown, exact }: KernelLike): string {
  if (exact) return `${name} is the profile ${profile.name}.`;
  return `${name} is ${kind}. The nearest profile is ${profile.name}: ${unknown}`;
}

/** What a plain run uses: the scenario's `kernel` line, else the newest release. */
export function ownProfile(file: ScenarioFile): Profile {
  return profileOf(kernelName(file.parsed));
}
