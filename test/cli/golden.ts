/** Outputs that are compared as a whole. `UPDATE=1` rewrites them; a golden that is not there fails. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

export function expectGolden(name: string, output: string): void {
  const file = path.join(import.meta.dirname, 'golden', name.replace(/\.(?=\w+$)/, '.golden.'));
  const actual = withoutSizes(output);
  if (process.env.UPDATE === '1') writeFileSync(file, actual);
  expect(existsSync(file), `there is no ${file}: look at the output and write it with UPDATE=1`).toBe(true);
  expect(actual).toBe(readFileSync(file, 'utf8'));
}

/** How many states an exploration has and how many kernels differ is the explorer's business, not the scenario's. */
export function withoutSizes(output: string): string {
  return (
    output
      .replace(/^ {2}\d+ states?, \d+ transitions?, .*\n(?: {4}.*\n)*/m, '  (what it cost)\n')
      // Equal situations may be one final state or several, as the reductions have it; outcomes may not.
      .replace(/\b\d+ final states?\b/g, 'N final states')
      .replace(/^( {4,}) *\d+( {2}(?:\S+=\S+ ?)+.*)$/gm, '$1N$2')
      .replace(/\b\d+ (states?|explorations?|micro-steps)\b/g, (_, noun: string) => `N ${noun.replace(/s$/, '')}s`)
      .replace(/"(states|explorations|finals)": \d+/g, '"$1": 0')
  );
}
