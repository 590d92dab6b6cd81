// A window that moves: a page moves what it has drawn, so what stays in view has the same shapes, at the right place.
import { timeline } from '@snoopscope/sim-core';
import { draw, type Shape } from '@snoopscope/views/draw';
import { expect, test } from 'vitest';
import { modelOf, recorded, scenarioText } from './recorded.ts';

const WIDTH = 1200;
const SIZE = 40;
const { index } = recorded(modelOf(scenarioText('wbinvd/local-cpu-not-flushed.snoop')));

test('what stays in view keeps its shapes', () => {
  const [before, after] = [marksAt(20, false), marksAt(25, false)];
  const both = [...before.keys()].filter((label) => after.has(label));
  expect(both.length).toBeGreaterThan(5);
  for (const label of both) expect(after.get(label)?.shape).toEqual(before.get(label)?.shape);
});

test('and is where a drawing of its window alone has it', () => {
  const [page, file] = [marksAt(25, false), marksAt(25, true)];
  expect(page.size).toBeGreaterThan(5);
  expect([...page.keys()]).toEqual([...file.keys()]);
  for (const [label, { x, shift }] of page) expect(x + shift, label).toBeCloseTo(file.get(label)?.x ?? Number.NaN, 0);
});

interface Placed {
  readonly shape: Shape;
  readonly x: number;
  /** By how much its layer is moved to the right. */
  readonly shift: number;
}

/** The marks in a window, by their labels. */
function marksAt(first: number, still: boolean): Map<string, Placed> {
  const { shapes } = draw(timeline(index, { first, end: first + SIZE }), WIDTH, still);
  return new Map(shapes.flatMap((shape) => marksIn(shape, 0)));
}

function marksIn(shape: Shape, outer: number): [string, Placed][] {
  const moved = /translate\((-?[\d.]+) 0\)/.exec(String(shape.attributes.transform ?? ''))?.[1];
  const shift = outer + Number(moved ?? 0);
  const letter = shape.children?.find(({ attributes }) => attributes.class === 'letter');
  if (letter && shape.label !== undefined) return [[shape.label, { shape, x: Number(letter.attributes.x), shift }]];
  return (shape.children ?? []).flatMap((child) => marksIn(child, shift));
}
