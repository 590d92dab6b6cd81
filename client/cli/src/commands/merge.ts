/** `snoopscope merge FILE…`: one result from the JSON results that several machines made of their shares. */
import { Failure } from '../failure.ts';
import { type MissingShares, mergeResults, type NamedResult } from '../merge-results.ts';
import { readInput } from '../text-file.ts';
import type { Command } from './command.ts';

export const merge: Command = {
  name: 'merge',
  summary: 'Combine the JSON results of `explore --shard` or `test --shard`.',
  operands: 'FILE…',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  operandOffers: [{ files: ['.json'] }],
  description: [
    'Reads what `explore --format json` or `test --format json` printed for each share of the work, prints the combined document, and exits with the code that goes with it. Shares of random runs combine to exactly what one machine would have found.',
    'If shares are missing, stderr lists them and the exit code is 3, unless something failed; the result can be merged with them later.',
    'Results of different scenarios, kernels, options or versions are refused, and so are duplicate shares.',
  ],
  options: [],
  examples: [{ line: 'merge part1.json part2.json', about: 'The two shares of a CI matrix.' }],
  async run(call) {
    const results: NamedResult[] = [];
    for (const name of call.operands) results.push({ name, document: parsed(name, await readInput(call.io, name)) });
    const { document, exitCode, missing } = mergeResults(results);
    if (missing.count > 0) call.remark(missingText(missing));
    call.printJson(document);
    return exitCode;
  },
};

/** A suite of which half has passed has not passed. */
function missingText({ named, count }: MissingShares): string {
  const more = count > named.length ? ` and ${count - named.length} more` : '';
  const [noun, verb] = count === 1 ? ['Share', 'is'] : ['Shares', 'are'];
  return `${noun} ${named.join(', ')}${more} ${verb} missing: the result covers only the others.`;
}

function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure(`${name} cannot be merged: it is not JSON.`, { code: 'not-mergeable' });
  }
}
