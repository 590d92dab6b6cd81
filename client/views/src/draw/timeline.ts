/** A timeline drawn: lanes from top to bottom, steps from left to right, rows of values below. */
import { type ArrowKind, type Lane, MARK_KINDS, type MarkName, type Timeline } from '@snoopscope/sim-core';
import { cellLabel } from './cell-label.ts';
import {
  circle,
  type Drawing,
  fitted,
  group,
  layer,
  line,
  type Moving,
  path,
  rect,
  type Shape,
  text,
} from './shape.ts';
import { edges, type Frame, GUTTER, shifted, timelineFrame } from './timeline-frame.ts';
import { PADDING, values, valuesHeight } from './timeline-values.ts';

const AXIS = 24;
const BAND = 11;
const SPAN_HEIGHT = 17;
const MARKS = 19;
const LOCK_ROW = 6;
/** Pixels that a mark takes beside another, and the rows that those of one step may take. */
const MARK_ROOM = 17;
const MOST_MARK_ROWS = 3;

interface PlacedLane {
  readonly lane: Lane;
  readonly top: number;
  readonly height: number;
  /** The middle of its first row of marks. */
  readonly marks: number;
  /** The middle of its last. */
  readonly lastMarks: number;
}

/** `still`: for one window, as in a file; else what is drawn for the next one has mostly the same shapes. */
export function drawTimeline(timeline: Timeline, width: number, still = true): Drawing {
  const frame = timelineFrame(timeline, width, still);
  const { step } = frame;
  const lanes = placedLanes(timeline.lanes, step);
  const valuesTop = lanes.reduce((bottom, { top, height }) => Math.max(bottom, top + height), AXIS) + PADDING;
  const height = valuesTop + valuesHeight(timeline) + PADDING;
  return {
    width,
    height,
    shapes: [
      ...axis(frame, height),
      ...lanes.map((lane, i) => layer(laneShapes(frame, lane, i))),
      shifted(frame, arrows(frame, lanes)),
      ...values(frame, valuesTop),
      shifted(frame, chain(frame, lanes)),
    ],
    ...drawCursor(timeline, width, height),
  };
}

/** What moves with the cursor; all else stays as it is while somebody scrubs. */
export function drawCursor(timeline: Timeline, width: number, height: number): Moving {
  const { window, steps, cursor: at } = timeline;
  return {
    label: `Timeline: steps ${window.first} to ${window.end - 1} of ${steps}, the cursor at ${at}`,
    moving: cursor(timelineFrame(timeline, width, true), height),
  };
}

function placedLanes(lanes: readonly Lane[], step: number): PlacedLane[] {
  let top = AXIS;
  return lanes.map((lane) => {
    const acts = lane.kind !== 'cache' && lane.kind !== 'dram';
    const locks = Math.min(3, lane.locks.length);
    const above = PADDING + (lane.bands.length > 0 ? BAND : 0) + (acts ? SPAN_HEIGHT : 0) + locks * LOCK_ROW;
    const height = above + MARKS * markRows(lane, step) + PADDING;
    const marks = top + above + MARKS / 2;
    const placed = { lane, top, height, marks, lastMarks: marks + (markRows(lane, step) - 1) * MARKS };
    top += height;
    return placed;
  });
}

function marksInARow(step: number): number {
  return Math.max(1, Math.floor(step / MARK_ROOM));
}

function markRows({ marks }: Lane, step: number): number {
  const inStep = new Map<number, number>();
  for (const { step: at } of marks) inStep.set(at, (inStep.get(at) ?? 0) + 1);
  return Math.min(MOST_MARK_ROWS, Math.max(1, ...[...inStep.values()].map((n) => Math.ceil(n / marksInARow(step)))));
}

/** Round numbers at which the axis has a line: not nearer than about 60 pixels. */
function axis(frame: Frame, height: number): Shape[] {
  const { timeline, x, step, width } = frame;
  const { first, end } = timeline.window;
  const least = 60 / step;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const every = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least) ?? power * 10);
  const lines: Shape[] = [];
  for (let at = Math.ceil(first / every) * every; at < end; at += every)
    lines.push(
      group([line(x(at), AXIS - 6, x(at), height, 'rule'), text(x(at) + 3, 15, String(at), 'dim')], {}, { key: at }),
    );
  return [layer([text(6, 15, 'step', 'dim'), line(0, AXIS, width, AXIS, 'rule')]), shifted(frame, lines)];
}

function laneShapes(frame: Frame, placed: PlacedLane, index: number): Shape[] {
  const { lane, top, height } = placed;
  const { width } = frame;
  const bandTop = top + PADDING;
  const spanTop = bandTop + (lane.bands.length > 0 ? BAND : 0);
  return [
    ...(index % 2 === 0 ? [rect(0, top, width, height, 'stripe')] : []),
    group(
      [
        rect(0, top, GUTTER - 6, height, 'label-paper'),
        ...fitted(8, top + height / 2 + 4, GUTTER - 20, lane.name, 'strong'),
      ],
      { class: 'lane' },
      lane.kind === 'cache' || lane.kind === 'dram'
        ? { label: `${lane.name}${lane.kind === 'cache' ? ': its cache' : ''}` }
        : { label: `Lane of ${lane.name}: select`, intent: { kind: 'select', actor: lane.id } },
    ),
    shifted(
      frame,
      lane.bands.map((band) => {
        const [left, right] = edges(frame, band.from, band.end);
        return group(
          [
            rect(left, bandTop, right - left, BAND - 2, 'band', { label: `${lane.name} is on ${band.text}` }),
            ...fitted(left + 3, bandTop + 8, right - left - 4, band.text, 'dim'),
          ],
          {},
          { key: band.from },
        );
      }),
    ),
    shifted(
      frame,
      lane.spans.map((span) => spanShape(frame, lane, span, spanTop)),
    ),
    shifted(
      frame,
      lane.locks.map((lock, i) => lockShape(frame, lane, lock, placed.marks - MARKS / 2 - 2 - (i % 3) * LOCK_ROW)),
    ),
    shifted(
      frame,
      lane.exits.map((exit) => {
        const [left, right] = edges(frame, exit.from, exit.end);
        return group(
          [line(left, placed.marks + 8, right, placed.marks + 8, 'exit-span')],
          {},
          {
            key: exit.from,
            label: `${exit.text}, handled until step ${exit.end - 1}`,
          },
        );
      }),
    ),
    shifted(frame, markShapes(frame, lane, placed.marks)),
    shifted(
      frame,
      (lane.cells ?? []).map((cell) => cellShape(frame, lane, cell, placed.marks)),
    ),
  ];
}

function spanShape(frame: Frame, lane: Lane, span: Lane['spans'][number], top: number): Shape {
  const [left, right] = edges(frame, span.from, span.end);
  const result = span.result === undefined ? '' : ` = ${span.result}`;
  const what = `${span.text}${result}`;
  const height = SPAN_HEIGHT - 3;
  return group(
    [
      rect(left, top, right - left, height, `span waits${span.failed ? ' failed' : ''}`),
      ...span.moves.map(([from, end]) => {
        const [a, b] = edges(frame, from, end);
        return rect(a, top, b - a, height, `span${span.failed ? ' failed' : ''}`);
      }),
      ...fitted(left + 4, top + 11, right - left - 6, what, span.failed ? 'strong' : ''),
    ],
    { class: 'choice' },
    {
      label: `${lane.name}, steps ${span.from} to ${span.end - 1}: ${what}${span.open ? ', not over' : ''} (line ${span.line + 1}${span.comment === undefined ? '' : `: ${span.comment}`})`,
      intent: { kind: 'goTo', position: span.from },
      key: span.from,
    },
  );
}

function lockShape(frame: Frame, lane: Lane, { from, end, lock, waits }: Lane['locks'][number], y: number): Shape {
  const [left, right] = edges(frame, from, end);
  return group(
    [line(left, y, right, y, waits ? 'lock waits' : 'lock')],
    {},
    {
      key: from,
      label: `${lane.name} ${waits ? 'waits for' : 'holds'} ${lock}, steps ${from} to ${end - 1}`,
    },
  );
}

/** Marks of one step are side by side as far as there is room, then below each other. */
function markShapes({ x, step }: Frame, { marks, name }: Lane, y: number): Shape[] {
  const inStep = new Map<number, number>();
  for (const { step: at } of marks) inStep.set(at, (inStep.get(at) ?? 0) + 1);
  const placed = new Map<number, number>();
  const wide = marksInARow(step);
  return marks.map(({ step: at, event, kind, letter, text: what }) => {
    const index = placed.get(at) ?? 0;
    placed.set(at, index + 1);
    const inRow = Math.min(wide, inStep.get(at) ?? 1);
    const row = Math.min(MOST_MARK_ROWS - 1, Math.floor(index / inRow));
    const centre = x(at) + (((index % inRow) + 0.5) / inRow) * step;
    return group(
      markShape(kind, letter, centre, y + row * MARKS),
      { class: 'choice' },
      {
        label: `${name}, step ${at}: ${what}`,
        intent: kind === 'finding' ? { kind: 'explain', event } : { kind: 'goToEvent', event },
        key: event,
      },
    );
  });
}

/** Each kind has a shape of its own; the letter says the same. */
const OUTLINES: Readonly<Partial<Record<MarkName, (x: number, y: number) => string>>> = {
  finding: (x, y) => `M${x - 6},${y + 8}V${y - 8}H${x + 8}L${x + 4},${y - 3}L${x + 8},${y + 3}H${x - 6}`,
  exit: (x, y) => `M${x - 8},${y - 6}H${x + 8}L${x},${y + 8}Z`,
  'user-exit': (x, y) => `M${x - 8},${y - 6}H${x + 8}L${x},${y + 8}Z`,
  tlp: (x, y) => `M${x},${y - 8}L${x + 8},${y}L${x},${y + 8}L${x - 8},${y}Z`,
  posted: (x, y) => `M${x},${y - 8}L${x + 8},${y}L${x},${y + 8}L${x - 8},${y}Z`,
  msi: (x, y) => `M${x},${y - 8}L${x + 8},${y}L${x},${y + 8}L${x - 8},${y}Z`,
  wbinvd: (x, y) => `M${x - 7},${y - 7}H${x + 7}V${y + 7}H${x - 7}Z`,
  writeback: (x, y) => `M${x - 7},${y - 7}H${x + 7}V${y + 3}L${x},${y + 8}L${x - 7},${y + 3}Z`,
  migration: (x, y) => `M${x - 8},${y - 6}H${x + 3}L${x + 8},${y}L${x + 3},${y + 6}H${x - 8}Z`,
  move: (x, y) => `M${x - 4},${y - 7}H${x + 4}L${x + 8},${y}L${x + 4},${y + 7}H${x - 4}L${x - 8},${y}Z`,
  'dma-fault': (x, y) => `M${x - 7},${y + 6}L${x},${y - 8}L${x + 7},${y + 6}Z`,
};
const WARMTH: Readonly<Partial<Record<MarkName, string>>> = {
  finding: ' hot',
  'dma-fault': ' hot',
  exception: ' hot',
  message: ' hot',
  exit: ' warm',
  'user-exit': ' warm',
  wbinvd: ' warm',
  tlp: ' cool',
  posted: ' cool',
  msi: ' cool',
};

function markShape(kind: MarkName, letter: string, x: number, y: number): Shape[] {
  const at = Math.round(x * 10) / 10;
  const outline = OUTLINES[kind];
  const className = `mark${WARMTH[kind] ?? ''}`;
  return [
    outline ? path(outline(at, y), className) : circle(at, y, 7, className),
    text(at, y + (kind === 'finding' ? 0.5 : 3), letter, 'letter'),
  ];
}

/** The higher the bar the more there is; the letter is that of the most telling kind. */
function cellShape(frame: Frame, lane: Lane, cell: NonNullable<Lane['cells']>[number], y: number): Shape {
  const [left, right] = edges(frame, cell.from, cell.end);
  const count = cell.statements + cell.marks;
  const height = Math.min(MARKS + SPAN_HEIGHT, 3 + 3 * Math.log2(count + 1));
  const telling = cell.kinds[0];
  const bottom = y + MARKS / 2 - 2;
  const hot = telling === 'finding' || telling === 'dma-fault';
  return group(
    [
      rect(left, bottom - height, Math.max(1, right - left - 1), height, hot ? 'cell verdict-fails' : 'cell'),
      ...(telling && right - left >= 8 && telling !== 'access' && telling !== 'line'
        ? [text((left + right) / 2, bottom - height - 2, MARK_KINDS[telling].letter, 'letter')]
        : []),
    ],
    { class: 'choice' },
    {
      key: cell.from,
      label: cellLabel(lane, cell),
      intent: { kind: 'goTo', position: cell.from },
    },
  );
}

const ARROW_CLASS: Readonly<Record<ArrowKind, string>> = {
  'not snooped': 'arrow past',
  snooped: 'arrow',
  IPI: 'arrow ipi',
  'write-back': 'arrow quiet',
};

function arrows({ timeline, x, step }: Frame, lanes: readonly PlacedLane[]): Shape[] {
  const at = new Map(lanes.map((placed) => [placed.lane.id, placed]));
  return timeline.arrows.flatMap((arrow) => {
    const [from, to] = [at.get(arrow.from), at.get(arrow.to)];
    if (!from || !to) return [];
    const down = to.marks > from.marks;
    const [y1, y2] = down ? [from.lastMarks + 9, to.marks - 10] : [from.marks - 9, to.lastMarks + 10];
    const left = x(arrow.step) + step * 0.5;
    const bend = Math.min(18, step * 0.3);
    const head = down ? -5 : 5;
    return [
      group(
        [
          path(
            `M${left.toFixed(1)},${y1}C${(left + bend).toFixed(1)},${(y1 + y2) / 2} ${(left + bend).toFixed(1)},${(y1 + y2) / 2} ${left.toFixed(1)},${y2}m-4,${head}l4,${-head}l4,${head}`,
            ARROW_CLASS[arrow.kind],
          ),
          ...(step > 70 ? [text(left + bend + 2, (y1 + y2) / 2 + 4, arrow.kind, 'dim')] : []),
        ],
        {},
        { key: arrow.event, label: `${arrow.kind}, to ${to.lane.name}: ${arrow.text}` },
      ),
    ];
  });
}

/** The causes of a finding, numbered, as a path over the lanes. */
function chain({ timeline, x, step }: Frame, lanes: readonly PlacedLane[]): Shape[] {
  const at = new Map(lanes.map(({ lane, top }) => [lane.id, top]));
  const { first, end } = timeline.window;
  const inView = (timeline.chain?.links ?? []).flatMap((link, i) => {
    const y = at.get(link.lane);
    if (y === undefined || link.event < 0 || link.step < first || link.step >= end) return [];
    return [{ link, number: i + 1, x: x(link.step) + step * 0.5, y: y + 9 }];
  });
  if (inView.length === 0) return [];
  const shifted = apart(inView);
  return [
    path(`M${shifted.map((point) => `${point.x.toFixed(1)},${point.y}`).join('L')}`, 'chain'),
    ...shifted.map(({ link, number, x: cx, y }) =>
      group(
        [circle(cx, y, 7, 'chain-number'), text(cx, y + 3, String(number), 'on-chain')],
        { class: 'choice' },
        {
          label: `Cause ${number}: ${link.text}`,
          intent: { kind: 'goToEvent', event: link.event },
        },
      ),
    ),
  ];
}

/** Causes in one place are put side by side. */
function apart<Point extends { readonly x: number; readonly y: number }>(points: readonly Point[]): Point[] {
  const taken = new Map<string, number>();
  return points.map((point) => {
    const key = `${Math.round(point.x)} ${point.y}`;
    const before = taken.get(key) ?? 0;
    taken.set(key, before + 1);
    return { ...point, x: point.x + before * 15 };
  });
}

function cursor({ timeline, x }: Frame, height: number): Shape[] {
  const { cursor: position, window } = timeline;
  if (position < window.first || position > window.end) return [];
  const at = x(position);
  return [
    line(at, AXIS - 4, at, height, 'cursor'),
    path(`M${at - 6},${AXIS - 12}H${at + 6}L${at},${AXIS - 3}Z`, 'cursor-head', {
      label: `Cursor after ${position} ${position === 1 ? 'step' : 'steps'}`,
    }),
  ];
}
