// A scenario as large as the limits allow: it is looked at in slices, between which the server answers and takes edits.
import { expect, test } from 'vitest';
import type { Hover } from 'vscode-languageserver';
import { simulation } from '../../server/src/simulation.ts';
import { manyStatements } from '../many-statements.ts';
import { connected } from './client.ts';

const URI = 'file:///project/large.snoop';
const STATEMENTS = 90_000;

test('while it is elaborated other requests are answered, and an edit ends the elaboration', async () => {
  const slices = new Map<number, { count: number; over: boolean }>();
  let begun = (): void => {};
  const elaborating = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const client = connected({
    simulation: {
      ...simulation,
      *problems(snapshot) {
        const work = simulation.problems(snapshot);
        const seen = { count: 0, over: false };
        slices.set(snapshot.version, seen);
        for (;;) {
          const { done, value } = work.next();
          if (done) {
            seen.over = true;
            return value;
          }
          if (++seen.count === 1) begun();
          yield;
        }
      },
    },
  });
  await client.initialize();
  const { text, first } = manyStatements(STATEMENTS);
  await client.open(URI, text);
  await elaborating;
  const hover = await client.at<Hover>('hover', URI, { line: first, column: 3 });
  expect(JSON.stringify(hover.contents)).toContain('mov');
  expect(slices.get(1)?.over).toBe(false);

  const start = { line: first, character: 0 };
  const version = await client.change(URI, [{ range: { start, end: start }, text: '  mov [nowhere], 1\n' }]);
  const found = await client.diagnostics(URI, (one) => one.version === version && one.diagnostics.length > 0);
  expect(found.map(({ message, range }) => [range.start.line, message])).toEqual([
    [first, expect.stringContaining('nowhere')],
  ]);
  // Of the first text nothing more is looked at, and the second has an error.
  const { count = 0, over } = slices.get(1) ?? {};
  expect(over).toBe(false);
  expect(count).toBeLessThan(STATEMENTS / 100);
  expect(slices.has(version)).toBe(false);
});
