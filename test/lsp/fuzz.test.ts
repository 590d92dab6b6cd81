// Damaged documents, predictions included: nothing throws and nothing runs for ever. FUZZ=50000 npx vitest run
// test/lsp/fuzz.test.ts tries that many, from FUZZ_FROM on, and allows no piece of work that keeps the server for a second.
import { expect, test } from 'vitest';
import { Prng } from '../../sim-core/src/explore/prng.ts';
import { corpus, documentOf, type Examined, examine } from './fuzz.ts';

const DOCUMENTS = Number(process.env.FUZZ ?? 300);
const FROM = Number(process.env.FUZZ_FROM ?? 0);
const KERNELS = ['v3.12', 'v5.11', 'v6.1', 'v6.6', 'v7.0', 'series-v1'];
/** Milliseconds of CPU time in one piece. Only a long run looks at it: what a short one takes is mostly compilation. */
const HANG_MS = process.env.FUZZ === undefined ? Number.POSITIVE_INFINITY : 1000;

test(`${DOCUMENTS} documents: no exception, no hang`, { timeout: 1000 * DOCUMENTS + 60_000 }, () => {
  const texts = corpus();
  let worst: Examined & { readonly number: number } = { slowest: 0, doing: '', number: 0 };
  const failures: string[] = [];
  for (let number = FROM; number < FROM + DOCUMENTS; number++) {
    const random = new Prng(number);
    const text = documentOf(texts, random);
    try {
      const examined = examine(text, KERNELS[number % KERNELS.length]!, random);
      if (examined.slowest > worst.slowest) worst = { ...examined, number };
      if (examined.slowest > HANG_MS)
        failures.push(`document ${number}: ${examined.doing} took ${examined.slowest} ms`);
    } catch (error) {
      failures.push(`document ${number}: ${error instanceof Error ? error.stack : error}`);
    }
    if (DOCUMENTS > 1000 && number % 1000 === 999)
      process.stderr.write(
        `${number + 1} documents, slowest ${worst.slowest} ms (${worst.doing}, document ${worst.number})\n`,
      );
  }
  expect(failures).toEqual([]);
});
