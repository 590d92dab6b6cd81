/** `snoopscope merge FILE…`: one result from the JSON results that several machines made of their shares. */
import { type Exploration, mergeExplorations } from '@snoopscope/sim-core';
import { exitCodeOf } from '../explore-file.ts';
import { Failure } from '../failure.ts';
import { FORMAT_VERSION } from '../json.ts';
import { readText } from '../text-file.ts';
import type { Command } from './command.ts';

interface Part {
  readonly name: string;
  readonly file: string;
  readonly kernel: string;
  readonly findings: readonly { readonly unexpected: boolean }[];
  readonly exploration: Exploration;
}

export const merge: Command = {
  name: 'merge',
  summary: 'Put together the JSON results of `explore --shard`.',
  operands: 'FILE…',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  description: [
    'Reads results that `explore --format json` printed for shares of one exploration and prints their union as one such result. Results of different scenarios or kernels are refused.',
  ],
  options: [],
  examples: [{ line: 'merge part1.json part2.json', about: 'The two shares of a CI matrix.' }],
  async run(call) {
    const parts: Part[] = [];
    for (const name of call.operands) parts.push(partOf(name, await readText(call.io, name)));
    const [first] = parts as [Part, ...Part[]];
    const other = parts.find((p) => p.file !== first.file || p.kernel !== first.kernel);
    if (other)
      throw mismatch(
        other.name,
        `it is of ${other.file} on ${other.kernel}, ${first.name} of ${first.file} on ${first.kernel}`,
      );
    let exploration: Exploration;
    try {
      exploration = mergeExplorations(parts.map((p) => p.exploration));
    } catch (error) {
      throw mismatch(first.name, (error as Error).message);
    }
    const passed = passedOf(exploration, parts);
    const exitCode = exitCodeOf({ ...exploration, passed });
    const { terms, states, transitions, finals, complete, sampling } = exploration;
    call.printJson({
      format: FORMAT_VERSION,
      file: first.file,
      kernel: first.kernel,
      passed: passed ?? null,
      complete,
      ...(sampling ? { sampling } : {}),
      states,
      transitions,
      finals,
      terms,
      conditions: exploration.conditions.map(({ text, line, holds, positive, negative }) => ({
        text,
        line: line + 1,
        holds,
        positive,
        negative,
      })),
      exploration,
    });
    return exitCode;
  },
};

/** As for one exploration: what failed on any machine failed. */
function passedOf({ conditions, complete }: Exploration, parts: readonly Part[]): boolean | undefined {
  const unexpected = parts.some((part) => part.findings.some((finding) => finding.unexpected));
  if (unexpected || conditions.some(({ holds }) => holds === false)) return false;
  return complete && conditions.every(({ applies, holds }) => !applies || holds) ? true : undefined;
}

function mismatch(name: string, why: string): Failure {
  return new Failure(`${name} cannot be merged: ${why}.`, { code: 'not-mergeable' });
}

function partOf(name: string, text: string): Part {
  let parsed: Partial<Part>;
  try {
    parsed = JSON.parse(text) as Partial<Part>;
  } catch {
    throw mismatch(name, 'it is no JSON');
  }
  const { file, kernel, findings, exploration } = parsed;
  if (
    typeof file === 'string' &&
    typeof kernel === 'string' &&
    Array.isArray(findings) &&
    Array.isArray(exploration?.conditions)
  )
    return { name, file, kernel, findings, exploration };
  throw mismatch(name, 'it is no result of `explore --format json`');
}
