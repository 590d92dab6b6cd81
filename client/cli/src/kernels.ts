/** From the name of a kernel to its profile. */
import path from 'node:path';
import {
  KERNELS_FILE,
  type KernelLike,
  kernelLike,
  kernelOf,
  likeText,
  type NamedKernels,
  NEWEST,
  noKernel,
  type Profile,
} from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { Failure } from './failure.ts';
import { kernelsNamedIn } from './kernels-file.ts';
import type { ScenarioFile } from './scenario-file.ts';

const FILE_NAME = /[\\/]|\.[a-z]{2,}$/i;

/** The kernel that a name means; an unknown name is a Failure that lists the known ones. */
export function kernelFor(name: string, named?: NamedKernels): KernelLike {
  const like = kernelLike(name, named);
  if (like) return like;
  if (FILE_NAME.test(name)) {
    const message = `\`${name}\` is a file name, and a kernel has a name such as \`v5.11\`, or what \`uname -r\` prints. Names for kernels of your own go into \`${KERNELS_FILE}\`.`;
    throw new Failure(message, { code: 'unknown-kernel' });
  }
  throw new Failure(noKernel(name, named).message, { code: 'unknown-kernel' });
}

/** The profile of a name where nothing could say that it is only the nearest one: such a name is a Failure, too. */
export function profileOf(name: string): Profile {
  const like = kernelFor(name);
  if (like.exact) return like.profile;
  throw new Failure(`${likeText(name, like)} Name the profile itself.`, { code: 'unknown-kernel' });
}

/** The kernel that a call asks for. */
export function askedKernel(call: Invocation, name: string): KernelLike {
  return kernelFor(name, kernelsNamedForCall(call));
}

/** The profile that a call asks for. When it is only the nearest one, says so once on stderr. */
export function askedProfile(call: Invocation, name: string): Profile {
  const like = askedKernel(call, name);
  if (!like.exact) call.remark(likeText(name, like));
  return like.profile;
}

/** What is named where the call is made, else where its first file is. */
export function kernelsNamedForCall({ io, operands }: Invocation): NamedKernels | undefined {
  const [first = '-'] = operands;
  const beside = first === '-' ? undefined : path.dirname(path.resolve(io.workingDirectory, first));
  return kernelsNamedIn(io.workingDirectory) ?? (beside === undefined ? undefined : kernelsNamedIn(beside));
}

/** What a plain run uses: the scenario's `kernel` line, else the newest release. */
export function ownProfile(file: ScenarioFile): Profile {
  // A name that means no kernel was refused when the file was read.
  return kernelOf(file.parsed) ?? NEWEST;
}
