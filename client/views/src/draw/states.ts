/** The graph of states of a small space, drawn: from the start downwards, ways around the states they do not touch. */
import { countedMoves, type GraphWay, type OutcomesPicture, type StateGraph } from '@snoopscope/sim-core';
import { CHARACTER, fitted, group, line, path, rect, round, type Shape } from './shape.ts';

const NODE = 22;
const NODE_HEIGHT = 18;
/** Between two rows: room for the lines of {@link LINES}. */
const DOWN = 66;
/** Where labels of ways are written, below the middle of the row above them. */
const LINES = [24, 36, 48] as const;
/** Around what passes a row without a stop there. */
const PASSING = 10;
const GAP = 12;
/** More would overlap. */
const MOST_NAMED_WAYS = 40;
/** A label shorter than this says nothing; the tooltip of the way has it all. */
const LEAST_LABEL = 8 * CHARACTER;
const SWEEPS = 8;
/** Room for a label beside the last way. */
const MOST_BESIDE = 260;
/** Further apart, what belongs together is not seen together. */
const MOST_STRETCH = 6;

/** A state in its row, or the place where a way passes it. */
interface Spot {
  readonly row: number;
  readonly width: number;
  readonly neighbours: { readonly above: Spot[]; readonly below: Spot[] };
  x: number;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

export function valuesText({ terms }: OutcomesPicture, values: readonly string[]): string {
  return terms.length === 0 ? 'end' : terms.map((term, i) => `${term}=${values[i]}`).join(' ');
}

export function drawStates(
  picture: OutcomesPicture,
  graph: StateGraph,
  top: number,
  width: number,
): { shapes: Shape[]; bottom: number } {
  const { states, ways } = graph;
  const levels = [...new Set(states.map(({ depth }) => depth))].sort((a, b) => a - b);
  const spots = states.map(
    (state): Spot =>
      spot(levels.indexOf(state.depth), Math.max(NODE, writtenOf(picture, state).length * CHARACTER + 10)),
  );
  const rows = levels.map((_, row) => spots.filter((one) => one.row === row));
  const routes = ways.map((way) => routeOf(way, spots, rows));
  arrange(rows, width);
  const yOf = (row: number): number => top + 16 + row * DOWN;
  const labels = new Labels(width);
  const edges = ways.map((way, i) => {
    const route = (routes[i] ?? []).map(({ x, row }): Place => ({ x, y: yOf(row) }));
    return { way, route };
  });
  // The strong ways are named first: where labels have no room, those stay.
  const named = ways.length > MOST_NAMED_WAYS ? [] : edges.toSorted((a, b) => rank(a.way) - rank(b.way));
  const texts = named.flatMap(({ way, route }) => labels.at(route, labelOf(way)));
  const bottom = yOf(levels.length - 1) + NODE_HEIGHT + 8;
  return {
    shapes: [
      line(0, top, width, top, 'rule'),
      ...edges.map(({ way, route }) => edge(way, route)),
      ...texts,
      ...states.map((state, i) =>
        node(picture, state, spots[i]?.x ?? 0, yOf(spots[i]?.row ?? 0), roomOf(rows, spots[i], width)),
      ),
    ],
    bottom,
  };
}

function rank({ shortest, findings }: GraphWay): number {
  return (findings.length > 0 ? -2 : 0) + (shortest ? -1 : 0);
}

function labelOf({ statements, moves, findings }: GraphWay): string {
  return `${findings.length > 0 ? '! ' : ''}${statements.join('; ') || countedMoves(moves)}`;
}

/** The heading of the outcomes has the names of the values. */
function writtenOf({ terms }: OutcomesPicture, { id, outcome }: StateGraph['states'][number]): string {
  if (outcome) return terms.length === 0 ? 'end' : outcome.join(' ');
  return id === 0 ? 'start' : String(id);
}

function spot(row: number, width: number): Spot {
  return { row, width, neighbours: { above: [], below: [] }, x: 0 };
}

/** Spots from one end of a way to the other, with one in each row that it passes. */
function routeOf({ from, to }: GraphWay, spots: readonly Spot[], rows: Spot[][]): Spot[] {
  const [start, end] = [spots[from], spots[to]];
  if (!start || !end) return [];
  const towards = Math.sign(end.row - start.row);
  const route = [start];
  for (let row = start.row + towards; towards !== 0 && row !== end.row; row += towards) {
    const passed = spot(row, PASSING);
    rows[row]?.push(passed);
    route.push(passed);
  }
  route.push(end);
  for (const [i, one] of route.entries()) {
    const next = route[i + 1];
    if (!next || next.row === one.row) continue;
    const [upper, lower] = next.row > one.row ? [one, next] : [next, one];
    upper.neighbours.below.push(lower);
    lower.neighbours.above.push(upper);
  }
  return route;
}

/** Puts the spots of each row in an order in which few ways cross, near to what they are connected with. */
function arrange(rows: readonly Spot[][], width: number): void {
  for (const row of rows) spread(row, width);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : rows.toReversed()) {
      for (const one of row) one.x = meanOf(down ? one.neighbours.above : one.neighbours.below) ?? one.x;
      row.sort((a, b) => a.x - b.x);
      separate(row, width);
    }
  }
  stretch(rows, width);
}

function meanOf(spots: readonly Spot[]): number | undefined {
  if (spots.length === 0) return undefined;
  return spots.reduce((sum, { x }) => sum + x, 0) / spots.length;
}

function spread(row: readonly Spot[], width: number): void {
  for (const [i, one] of row.entries()) one.x = ((i + 0.5) / row.length) * width;
}

/** Moves neighbours apart as little as it takes; where not all fit, they share the room. */
function separate(row: readonly Spot[], width: number): void {
  const needed = row.reduce((sum, one) => sum + one.width + GAP, 0);
  if (needed > width) {
    spread(row, width);
    return;
  }
  // Those that touch stand side by side around the middle of the places that they would like to have.
  const blocks: { spots: Spot[]; width: number; middle: number }[] = [];
  for (const one of row) {
    let block = { spots: [one], width: one.width + GAP, middle: one.x };
    for (let last = blocks.at(-1); last && last.middle + last.width / 2 > block.middle - block.width / 2; ) {
      blocks.pop();
      const [before, after] = [last.spots.length, block.spots.length];
      const middle = (last.middle * before + block.middle * after) / (before + after);
      block = { spots: [...last.spots, ...block.spots], width: last.width + block.width, middle };
      last = blocks.at(-1);
    }
    blocks.push(block);
  }
  for (const block of blocks) {
    let x = Math.min(Math.max(block.middle, block.width / 2), width - block.width / 2) - block.width / 2;
    for (const one of block.spots) {
      one.x = x + (one.width + GAP) / 2;
      x += one.width + GAP;
    }
  }
}

/** Uses the width there is, with room for labels beside the last way. */
function stretch(rows: readonly Spot[][], width: number): void {
  const all = rows.flat();
  const first = Math.min(...all.map((one) => one.x - one.width / 2));
  const last = Math.max(...all.map((one) => one.x + one.width / 2));
  const extent = Math.max(1, last - first);
  const beside = Math.min(MOST_BESIDE, width / 4);
  const factor = Math.max(1, Math.min(MOST_STRETCH, (width - 2 * GAP - beside) / extent));
  const left = Math.max(GAP, (width - beside - extent * factor) / 2);
  if (extent + 2 * GAP > width) return;
  for (const one of all) one.x = Math.min(left + (one.x - first) * factor, width - one.width / 2 - 2);
}

/** What a state may take of its row. */
function roomOf(rows: readonly Spot[][], one: Spot | undefined, width: number): number {
  const row = one && rows[one.row];
  if (!row) return 0;
  const needed = row.reduce((sum, other) => sum + other.width + GAP, 0);
  return needed > width ? width / row.length - 4 : one.width;
}

function edge(way: GraphWay, route: readonly Place[]): Shape {
  const moves = countedMoves(way.moves);
  const does = way.statements.length > 0 ? `: ${way.statements.join('; ')}` : '';
  const found = way.findings.length > 0 ? `; finds ${way.findings.join(', ')}` : '';
  const look = `edge${way.shortest ? ' lit' : ''}${way.findings.length > 0 ? ' changed' : ''}`;
  return path(curve(route), look, { label: `${moves}${does}${found}` });
}

/** Upright where it leaves, passes and comes. */
function curve(route: readonly Place[]): string {
  const [first, last] = [route[0], route.at(-1)];
  if (!first || !last) return '';
  if (first.y === last.y) {
    if (first.x === last.x) return `M${round(first.x + 8)},${round(first.y - 6)}c24,-12 24,24 0,12`;
    return `M${round(first.x)},${first.y + 9}Q${round((first.x + last.x) / 2)},${first.y + 40} ${round(last.x)},${last.y + 9}`;
  }
  const side = Math.sign(last.y - first.y) * (NODE_HEIGHT / 2);
  const points = route.map(({ x, y }, i) => ({
    x,
    y: i === 0 ? y + side : i === route.length - 1 ? y - side : y,
  }));
  const [start, ...rest] = points as [Place, ...Place[]];
  let from = start;
  let d = `M${round(start.x)},${start.y}`;
  for (const to of rest) {
    const middle = (from.y + to.y) / 2;
    d += `C${round(from.x)},${middle} ${round(to.x)},${middle} ${round(to.x)},${to.y}`;
    from = to;
  }
  return d;
}

/** Labels of ways, none on top of another. */
class Labels {
  readonly #width: number;
  readonly #taken = new Map<number, { from: number; to: number }[]>();

  constructor(width: number) {
    this.#width = width;
  }

  /** Beside the way, nearer to where it begins if several come to one place, where there is most room. */
  at(route: readonly Place[], label: string): Shape[] {
    let best: { x: number; y: number; room: number } | undefined;
    for (const [i, from] of route.slice(0, -1).entries()) {
      const to = route[i + 1];
      if (!to || to.y === from.y) continue;
      const upper = Math.min(from.y, to.y);
      for (const down of LINES) {
        const y = upper + down;
        const x = between(from, to, y - 4) + 5;
        const room = this.#room(x, y);
        if (!best || room > best.room) best = { x, y, room };
        if (room >= label.length * CHARACTER) break;
      }
      if (best && best.room >= label.length * CHARACTER) break;
    }
    if (!best || best.room < Math.min(LEAST_LABEL, label.length * CHARACTER)) return [];
    const long = Math.min(best.room, label.length * CHARACTER);
    this.#taken.set(best.y, [...(this.#taken.get(best.y) ?? []), { from: best.x, to: best.x + long + GAP }]);
    return fitted(best.x, best.y, best.room, label, 'dim over');
  }

  #room(x: number, y: number): number {
    let end = this.#width - GAP;
    for (const { from, to } of this.#taken.get(y) ?? []) {
      if (x >= from && x < to) return 0;
      if (from > x) end = Math.min(end, from - GAP);
    }
    return end - x;
  }
}

/** Where the curve between two places is at a height, as {@link curve} draws it. */
function between(from: Place, to: Place, y: number): number {
  const [upper, lower] = from.y < to.y ? [from, to] : [to, from];
  let [low, high] = [0, 1];
  for (let i = 0; i < 12; i++) {
    const t = (low + high) / 2;
    const at = upper.y + (lower.y - upper.y) * (1.5 * t * (1 - t) ** 2 + 1.5 * t ** 2 * (1 - t) + t ** 3);
    if (at < y) low = t;
    else high = t;
  }
  return upper.x + (lower.x - upper.x) * (3 * low ** 2 - 2 * low ** 3);
}

function node(
  picture: OutcomesPicture,
  state: StateGraph['states'][number],
  x: number,
  y: number,
  room: number,
): Shape {
  const { id, outcome } = state;
  const shapes = [
    rect(x - room / 2, y - NODE_HEIGHT / 2, room, NODE_HEIGHT, `node${outcome ? ' end' : ''}`),
    ...fitted(x, y + 4, room, writtenOf(picture, state), 'centre'),
  ];
  if (!outcome) return group(shapes, {}, { label: id === 0 ? 'Start' : `State ${id}` });
  const bar = picture.bars.find(({ values }) => values.join() === outcome.join());
  const name = valuesText(picture, outcome);
  if (!bar) return group(shapes, {}, { label: `End: ${name}` });
  return group(
    shapes,
    { class: 'choice' },
    { label: `End: ${name}. Debug it`, intent: { kind: 'debug', schedule: bar.schedule } },
  );
}
