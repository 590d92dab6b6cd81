/** The options of every command that explores, and what they mean to the explorer. */
import type { CheckOptions, Granularity } from '@snoopscope/sim-core';
import { PROFILES } from '@snoopscope/sim-core';
import type { CheckRequest } from './check-file.ts';
import { type CommandOption, GRANULARITY, type Invocation, KERNEL } from './commands/command.ts';
import { askedProfile } from './kernels.ts';

export const MAX_STATES: CommandOption = {
  name: 'max-states',
  value: 'N',
  doc: 'Limit the exploration of each kernel to N states. Default: 2,000,000.',
};
export const MAX_SECONDS: CommandOption = {
  name: 'max-seconds',
  value: 'S',
  doc: 'Limit the exploration of each kernel to S seconds.',
};
/** Node, its heap and what waits for its garbage collector take some 200 more, so the process stays below 500. */
const DEFAULT_MEGABYTES = 224;
export const MAX_MEGABYTES: CommandOption = {
  name: 'max-megabytes',
  value: 'N',
  doc: `Limit the memory for states to N MB; the process takes some 200 more. Default: ${DEFAULT_MEGABYTES}.`,
};

export const CHECK_OPTIONS: readonly CommandOption[] = [
  {
    ...KERNEL,
    value: 'KERNEL',
    offers: { words: () => ['all', ...PROFILES.map(({ name }) => name)] },
    doc: `${KERNEL.doc} \`all\` means every one. Default: the kernels that the conditions name.`,
  },
  GRANULARITY,
  MAX_STATES,
  MAX_SECONDS,
  MAX_MEGABYTES,
];

const DEFAULT_MAX_STATES = 2_000_000;

export function maxBytesOf(call: Invocation): number {
  return (call.count('max-megabytes') ?? DEFAULT_MEGABYTES) * 1e6;
}

export function checkRequestOf(call: Invocation): CheckRequest {
  const kernel = call.text('kernel');
  const granularity = call.text('granularity') as Granularity | undefined;
  const maxSeconds = call.count('max-seconds');
  const explore: NonNullable<CheckOptions['explore']> = {
    maxStates: call.count('max-states') ?? DEFAULT_MAX_STATES,
    maxBytes: maxBytesOf(call),
    ...(granularity && { granularity }),
  };
  return {
    ...(kernel !== undefined && { profiles: kernel === 'all' ? PROFILES : [askedProfile(call, kernel)] }),
    explore,
    ...(maxSeconds !== undefined && { maxSeconds }),
    interrupt: call.io.interrupt,
    progress: call.status,
  };
}
