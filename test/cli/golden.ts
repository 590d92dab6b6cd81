/** Outputs that are compared as a whole. `UPDATE=1` rewrites them; a golden that is not there fails. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

export function expectGolden(name: string, actual: string): void {
  const file = path.join(import.meta.dirname, 'golden', name);
  if (process.env.UPDATE === '1') writeFileSync(file, actual);
  expect(existsSync(file), `there is no test/cli/golden/${name}: look at the output and write it with UPDATE=1`).toBe(
    true,
  );
  expect(actual).toBe(readFileSync(file, 'utf8'));
}
