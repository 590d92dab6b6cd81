// A verdict as people read it: one line for each condition and answer, kernels in ranges.
import { PROFILES } from '@snoopscope/sim-core';
import type { KernelReport } from './check-worker.ts';
import type { WorkerAnswer } from './worker.ts';

export function verdictLines(reply: Exclude<WorkerAnswer, { kind: 'explored' }>): string[] {
  switch (reply.kind) {
    case 'broken':
      return ['The scenario cannot run:', ...reply.problems.map(({ line, message }) => `line ${line + 1}: ${message}`)];
    case 'died':
      return [reply.message];
    case 'bug':
      return [
        'This is a mistake of Snoopscope, not of the scenario. Please report it with the scenario.',
        reply.message,
      ];
    case 'judged':
      return judgedLines(reply.kernels);
  }
}

function judgedLines(kernels: readonly KernelReport[]): string[] {
  const answers = new Map<string, string[]>();
  const add = (line: string, kernel: string) => answers.set(line, [...(answers.get(line) ?? []), kernel]);
  for (const { name, conditions, unexpected, endless, limit } of kernels) {
    for (const { text, line, holds } of conditions) add(`line ${line + 1}: ${text}: ${words(holds)}`, name);
    for (const finding of unexpected) add(`unexpected: ${finding}`, name);
    if (endless) add('no interleaving ends: conditions that are not a finding alone are about final states', name);
    if (limit) add(`not explored completely: ${limit}`, name);
  }
  const failed = kernels.filter(({ passed }) => passed === false).length;
  const open = kernels.filter(({ passed }) => passed === undefined).length;
  const total = `${kernels.length - failed - open} of ${kernels.length} kernels as declared${open > 0 ? `, ${open} open` : ''}`;
  return [...[...answers].map(([line, names]) => `${line} on ${ranges(names)}`), total];
}

function words(holds: boolean | undefined): string {
  return holds === undefined ? 'open' : holds ? 'holds' : 'FAILS';
}

/** `v3.13..v5.11, v6.1`: runs of neighbours in the list of all profiles. */
export function ranges(names: readonly string[]): string {
  const places = names.map((name) => PROFILES.findIndex((profile) => profile.name === name)).toSorted((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last && last[1] === place - 1) last[1] = place;
    else runs.push([place, place]);
  }
  const name = (place: number) => PROFILES[place]?.name ?? '';
  return runs.map(([first, last]) => (first === last ? name(first) : `${name(first)}..${name(last)}`)).join(', ');
}
