// The graph of states: what is written at its ways, and that nothing in it covers anything else.
import { type ExplorationReport, outcomesPicture } from '@snoopscope/sim-core';
import { draw, type Shape } from '@snoopscope/views/draw';
import { expect, test } from 'vitest';
import { GALLERY, graphOf, modelOf, scenarioText } from './recorded.ts';

const NOTHING: ExplorationReport = {
  kernel: 'v6.12',
  granularity: 'statement',
  passed: true,
  complete: true,
  limit: undefined,
  states: 1,
  transitions: 0,
  frontier: 0,
  depth: 0,
  bytes: 100,
  environment: [],
  advice: [],
  dropped: [],
  finals: 0,
  conditions: [],
  terms: [],
  outcomes: [],
  findings: [],
};

test('an alternative without a statement has words, too', () => {
  const graph = graphOf(modelOf(`thread a {\n  choose {\n    f = open("/dev/kvm", O_RDWR)\n  } or {\n  }\n}\n`), {
    complete: true,
    states: 3,
    granularity: 'statement',
  });
  if (graph === undefined || graph === 'too large') throw new Error(`there is no graph: ${graph}`);
  expect(graph.ways.flatMap(({ statements }) => statements).sort()).toEqual([
    'a: alternative 2, empty',
    'a: f = open("/dev/kvm", O_RDWR)',
  ]);
});

test('ways around a state do not touch it, and labels do not overlap', () => {
  const texts = GALLERY.map((file) => [file, modelOf(scenarioText(file))] as const);
  for (const [file, model] of texts) {
    const graph = graphOf(model, { complete: true, states: 1, granularity: 'statement' });
    if (graph === undefined || graph === 'too large') continue;
    const picture = outcomesPicture(NOTHING, graph);
    for (const width of [320, 1200]) {
      const { shapes } = draw(picture, width);
      const boxes = shapes.flatMap(({ tag, children = [] }) => (tag === 'g' ? children : [])).filter(isNode);
      expect(boxes, file).toHaveLength(graph.states.length);
      for (const way of shapes.filter(({ tag }) => tag === 'path'))
        for (const [x, y] of inner(String(way.attributes.d)))
          for (const { attributes: box } of boxes)
            expect(within(x, y, box), `${file}: ${way.label} at ${x},${y} in a box at ${box.x},${box.y}`).toBe(false);
      const labels = shapes
        .filter(({ attributes }) => attributes.class === 'dim over')
        .map(({ attributes, text = '' }) => ({
          y: Number(attributes.y),
          from: Number(attributes.x),
          to: Number(attributes.x) + text.length * 7,
        }));
      for (const a of labels)
        for (const b of labels) expect(a !== b && a.y === b.y && a.from < b.to && b.from < a.to, file).toBe(false);
    }
  }
});

function isNode({ tag, attributes }: Shape): boolean {
  return tag === 'rect' && /^node/.test(String(attributes.class));
}

/** The points between its ends at which a way passes a row. */
function inner(d: string): [number, number][] {
  const points = [...d.matchAll(/ (-?[\d.]+),(-?[\d.]+)(?=C|$)/g)].map(([, x, y]): [number, number] => [
    Number(x),
    Number(y),
  ]);
  return d.includes('C') ? points.slice(0, -1) : [];
}

function within(x: number, y: number, box: Shape['attributes']): boolean {
  const [left, top] = [Number(box.x), Number(box.y)];
  return x > left && x < left + Number(box.width) && y > top && y < top + Number(box.height);
}

test('the ways of a graph say what is executed on them', () => {
  const graph = graphOf(modelOf(`thread a {\n  f = open("/dev/kvm", O_RDWR)   // the first\n  close(f)   = 0\n}\n`), {
    complete: true,
    states: 3,
    granularity: 'micro',
  });
  if (graph === undefined || graph === 'too large') throw new Error(`there is no graph: ${graph}`);
  expect(graph.ways.flatMap(({ statements }) => statements)).toEqual([
    'a: f = open("/dev/kvm", O_RDWR)',
    'a: close(f)',
  ]);
});
