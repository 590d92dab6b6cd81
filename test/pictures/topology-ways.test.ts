// Topology drawn: edges pass only the boxes that they end at, and labels are on no box and on no other label.
import { topologyPicture } from '@snoopscope/sim-core';
import { draw, type Shape } from '@snoopscope/views/draw';
import { expect, test } from 'vitest';
import { GALLERY, modelOf, recorded, scenarioText } from './recorded.ts';

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

test('edges go around boxes, and their labels cover nothing', () => {
  const faults: string[] = [];
  for (const file of GALLERY) {
    const { run, names } = recorded(modelOf(scenarioText(file)));
    const picture = topologyPicture(run.cursor(), names);
    for (const width of [400, 1200]) {
      const { shapes } = draw(picture, width);
      const boxes = shapes
        .flatMap(({ tag, children = [] }) => (tag === 'g' ? children : []))
        .filter(isNode)
        .map(areaOf);
      expect(boxes.length, file).toBe(picture.nodes.length);
      for (const { attributes, label } of shapes.filter(({ tag }) => tag === 'path')) {
        const points = pointsOf(String(attributes.d));
        if (boxes.some((box) => points.some(([x, y]) => isInside(x, y, box)))) faults.push(`${file}: ${label}`);
      }
      const labels = shapes.filter(({ attributes }) => attributes.class === 'label-paper').map(areaOf);
      for (const label of labels)
        for (const other of [...boxes, ...labels])
          if (label !== other && overlap(label, other)) faults.push(`${file}: label at ${label.x},${label.y}`);
    }
  }
  expect(faults).toEqual([]);
});

function isNode({ tag, attributes }: Shape): boolean {
  return tag === 'rect' && /^node/.test(String(attributes.class));
}

function areaOf({ attributes }: Shape): Area {
  const { x, y, width, height } = attributes;
  return { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
}

/** Points along a path of lines, quadratic and cubic curves, forty on each piece. */
function pointsOf(d: string): [number, number][] {
  const points: [number, number][] = [];
  let at: [number, number] = [0, 0];
  for (const [, command, numbers = ''] of d.matchAll(/([MLQC])([^MLQC]*)/g)) {
    const values = numbers.split(/[ ,]+/).map(Number);
    const to: [number, number][] = [];
    for (let i = 0; i < values.length; i += 2) to.push([values[i]!, values[i + 1]!]);
    if (command !== 'M') for (let i = 0; i <= 40; i++) points.push(bezier([at, ...to], i / 40));
    at = to.at(-1)!;
  }
  return points;
}

function bezier(points: readonly [number, number][], t: number): [number, number] {
  if (points.length === 1) return points[0]!;
  const between = points.slice(1).map(([x, y], i): [number, number] => {
    const [px, py] = points[i]!;
    return [px + (x - px) * t, py + (y - py) * t];
  });
  return bezier(between, t);
}

function isInside(x: number, y: number, box: Area): boolean {
  return x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1;
}

function overlap(a: Area, b: Area): boolean {
  return a.x + 1 < b.x + b.width && b.x + 1 < a.x + a.width && a.y + 1 < b.y + b.height && b.y + 1 < a.y + a.height;
}
