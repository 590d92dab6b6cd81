// Lists that only grow, held against plain ones.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GrowingMasks, GrowingRows } from '../../sim-core/src/pictures/growing.ts';
import { Series, Views } from '../../sim-core/src/pictures/series.ts';

test('the union of any range of masks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 0x3fff }), { maxLength: 3000 }),
      fc.nat(),
      fc.nat(),
      (masks, a, b) => {
        const grown = new GrowingMasks();
        for (const mask of masks) grown.push(mask);
        const from = masks.length === 0 ? 0 : a % masks.length;
        const end = from + (masks.length === 0 ? 0 : b % (masks.length - from + 1));
        expect(grown.union(from, end)).toBe(masks.slice(from, end).reduce((all, mask) => all | mask, 0));
      },
    ),
  );
});

test('a long list of masks', () => {
  const grown = new GrowingMasks();
  const masks = Array.from({ length: 70_000 }, (_, i) => (i % 1021 === 0 ? 2 : 1) << (i % 7));
  for (const mask of masks) grown.push(mask);
  for (const [from, end] of [
    [0, 70_000],
    [31, 33],
    [1023, 66_000],
    [65_535, 65_537],
    [32, 1024],
  ] as const)
    expect(grown.union(from, end)).toBe(masks.slice(from, end).reduce((all, mask) => all | mask, 0));
});

test('the lower bound of rows', () => {
  const rows = new GrowingRows(2);
  for (const [i, value] of [1, 1, 4, 9, 9, 12].entries()) rows.push(value, i);
  expect([0, 1, 2, 9, 10, 13].map((value) => rows.lowerBound(value))).toEqual([0, 0, 2, 3, 5, 6]);
});

test('segments cover their window once, whatever the number of cells', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 3 })), { maxLength: 60 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 40 }),
      (changes, first, size, cells) => {
        const series = new Series(new Views(), { text: 'start' });
        let step = 0;
        for (const [by, value] of changes) {
          step += by;
          series.change(step, { text: String(value) }, step);
        }
        const segments = series.segments(first, first + size, Math.min(cells, size));
        expect(segments[0]?.from).toBe(first);
        expect(segments.at(-1)?.end).toBe(first + size);
        for (const [i, segment] of segments.entries()) {
          expect(segment.end).toBeGreaterThan(segment.from);
          if (i > 0) expect(segment.from).toBe(segments[i - 1]?.end);
        }
      },
    ),
  );
});
