// The server's process lets V8 take little room for young objects, whatever lives through how many collections.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const limit = pathToFileURL(path.resolve(import.meta.dirname, '../../server/src/young-generation.ts')).href;
/** Makes objects of which many outlive a collection, as versions of a document do; the bytes of the young generation. */
const churn = `
const { setImmediate } = await import('node:timers/promises');
const { getHeapSpaceStatistics } = await import('node:v8');
let kept = [];
for (let round = 0; round < 50; round++) {
  for (let i = 0; i < 20_000; i++) kept.push({ i, own: [i] });
  if (kept.length > 60_000) kept = kept.slice(30_000);
  await setImmediate();
}
console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);
`;

test('the young generation stays as small as the versions of a document are', () => {
  const script = `(await import(${JSON.stringify(limit)})).limitYoungGeneration();${churn}`;
  const bytes = Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(17 * 1024 ** 2);
});
