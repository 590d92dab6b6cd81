/** Outcomes drawn: verdicts, a bar for each outcome, findings, and for small spaces the graph of states. */
import type { OutcomesPicture, StateGraph } from '@snoopscope/sim-core';
import { countedMoves } from '@snoopscope/sim-core';
import { CHARACTER, type Drawing, fitted, group, line, path, rect, type Shape, text } from './shape.ts';

const ROW = 24;
/** Narrower than this, signs stand for words. */
const NARROW = 700;
const SIGNS = { holds: '✓', fails: '✗', open: '?', 'not for this kernel': '–' } as const;

export function drawOutcomes(outcomes: OutcomesPicture, width: number): Drawing {
  const shapes: Shape[] = [];
  let y = 4;
  const heading = (what: string): void => {
    shapes.push(text(8, y + 16, what, 'strong'));
    y += ROW;
  };
  if (outcomes.conditions.length > 0) heading(`Conditions on ${outcomes.kernel}`);
  for (const condition of outcomes.conditions) {
    shapes.push(conditionShape(condition, y, width));
    y += ROW;
  }
  if (outcomes.bars.length > 0) heading(`Outcomes${outcomes.terms.length > 0 ? `: ${outcomes.terms.join(', ')}` : ''}`);
  const label = Math.min(
    width / 2,
    24 + CHARACTER * Math.max(4, ...outcomes.bars.map((bar) => valuesOf(outcomes, bar).length)),
  );
  for (const bar of outcomes.bars) {
    shapes.push(barShape(outcomes, bar, y, width, label));
    y += ROW;
  }
  if (outcomes.findings.length > 0) heading('Findings');
  for (const finding of outcomes.findings) {
    shapes.push(findingShape(finding, y, width));
    y += ROW;
  }
  if (outcomes.graph) {
    heading(`States: ${outcomes.graph.states.length}, the shortest way to each outcome drawn strongly`);
    const graph = drawGraph(outcomes, outcomes.graph, y, width);
    shapes.push(...graph.shapes);
    y = graph.bottom;
  }
  return { width, height: y + 8, label: `Outcomes on ${outcomes.kernel}`, shapes };
}

function conditionShape(
  { text: what, verdict, schedule, line: at, positive, negative }: OutcomesPicture['conditions'][number],
  y: number,
  width: number,
): Shape {
  const narrow = width < NARROW;
  const said = narrow ? SIGNS[verdict] : `${SIGNS[verdict]} ${verdict}`;
  const counts = narrow ? '' : `${positive} true, ${negative} false`;
  const condition = what.replaceAll(/\s+/g, ' ');
  return group(
    [
      rect(4, y + 1, width - 8, ROW - 2, 'node'),
      text(12, y + 16, said, `strong verdict-${verdict}`),
      ...fitted(narrow ? 34 : 180, y + 16, width - (narrow ? 46 : 350), condition, ''),
      text(width - 12, y + 16, counts, 'right dim'),
    ],
    { class: 'choice' },
    {
      label: `Condition in line ${at + 1} ${verdict}: ${condition}; true in ${positive} outcomes, false in ${negative}${schedule === undefined ? '' : '. Debug what shows it'}`,
      intent: schedule === undefined ? { kind: 'line', line: at } : { kind: 'debug', schedule },
    },
  );
}

function valuesOf({ terms }: OutcomesPicture, { values }: OutcomesPicture['bars'][number]): string {
  return terms.length === 0 ? 'end' : terms.map((term, i) => `${term}=${values[i]}`).join(' ');
}

function barShape(
  picture: OutcomesPicture,
  bar: OutcomesPicture['bars'][number],
  y: number,
  width: number,
  label: number,
): Shape {
  const values = valuesOf(picture, bar);
  const room = width - label - 130;
  return group(
    [
      rect(label, y + 4, Math.max(2, room * bar.share), ROW - 8, 'bar'),
      ...fitted(12, y + 16, label - 16, values, ''),
      text(label + Math.max(2, room * bar.share) + 6, y + 16, String(bar.count), 'dim'),
    ],
    { class: 'choice' },
    {
      label: `Outcome ${values}: ${bar.count} ${picture.unit}. Debug it`,
      intent: { kind: 'debug', schedule: bar.schedule },
    },
  );
}

function findingShape(finding: OutcomesPicture['findings'][number], y: number, width: number): Shape {
  const narrow = width < NARROW;
  return group(
    [
      rect(4, y + 1, width - 8, ROW - 2, 'node'),
      text(
        12,
        y + 16,
        narrow ? (finding.unexpected ? '✗' : '!') : finding.unexpected ? '✗ unexpected' : '! found',
        finding.unexpected ? 'strong verdict-fails' : 'strong',
      ),
      ...fitted(narrow ? 34 : 180, y + 16, width - (narrow ? 130 : 290), finding.text, ''),
      text(width - 12, y + 16, finding.count === 1 ? 'once' : `${finding.count} times`, 'right dim'),
    ],
    { class: 'choice' },
    {
      label: `${finding.text}, ${finding.count} times. Debug it`,
      intent: { kind: 'debug', schedule: finding.schedule, finding: finding.finding },
    },
  );
}

const NODE = 22;
const DOWN = 46;

/** States by their distance from the start, from top to bottom. */
function drawGraph(
  picture: OutcomesPicture,
  { states, ways }: StateGraph,
  top: number,
  width: number,
): { shapes: Shape[]; bottom: number } {
  const levels = [...new Set(states.map(({ depth }) => depth))].sort((a, b) => a - b);
  const rows = levels.map((depth) => states.filter((state) => state.depth === depth));
  const at = new Map(
    rows.flatMap((row, level) =>
      row.map((state, i) => [state.id, { x: ((i + 0.5) / row.length) * width, y: top + 16 + level * DOWN }] as const),
    ),
  );
  const edges = ways.flatMap((one): Shape[] => {
    const [from, to] = [at.get(one.from), at.get(one.to)];
    if (!from || !to) return [];
    const moves = countedMoves(one.moves);
    const found = one.findings.length > 0 ? `; finds ${one.findings.join(', ')}` : '';
    const d =
      one.from === one.to
        ? `M${from.x + 8},${from.y - 6}c24,-12 24,24 0,12`
        : `M${from.x.toFixed(1)},${from.y + 9}C${from.x.toFixed(1)},${(from.y + to.y) / 2} ${to.x.toFixed(1)},${(from.y + to.y) / 2} ${to.x.toFixed(1)},${to.y - 9}`;
    const look = `edge${one.shortest ? ' lit' : ''}${one.findings.length > 0 ? ' changed' : ''}`;
    const midX = (from.x + to.x) / 2;
    const room = ways.length <= 40;
    return [
      path(d, look, { label: `${moves}${found}` }),
      ...(room
        ? [text(midX, (from.y + to.y) / 2 + 3, `${moves}${one.findings.length > 0 ? ' !' : ''}`, 'centre dim')]
        : []),
    ];
  });
  const nodes = states.map((state): Shape => {
    const place = at.get(state.id) ?? { x: 0, y: 0 };
    const bar = state.outcome && picture.bars.find(({ values }) => values.join() === state.outcome?.join());
    const name = state.outcome
      ? valuesOf(picture, { values: state.outcome, count: 0, share: 0, schedule: '' })
      : String(state.id);
    const half = state.outcome ? Math.max(NODE / 2, (name.length * CHARACTER) / 2 + 5) : NODE / 2;
    const shapes = [
      rect(place.x - half, place.y - 9, half * 2, 18, `node${state.outcome ? ' end' : ''}`),
      text(place.x, place.y + 4, name, 'centre'),
    ];
    if (!bar) return group(shapes, {}, { label: state.outcome ? `End: ${name}` : `State ${state.id}` });
    return group(
      shapes,
      { class: 'choice' },
      { label: `End: ${name}. Debug it`, intent: { kind: 'debug', schedule: bar.schedule } },
    );
  });
  const bottom = top + levels.length * DOWN + 8;
  return { shapes: [line(0, top, width, top, 'rule'), ...edges, ...nodes], bottom };
}
