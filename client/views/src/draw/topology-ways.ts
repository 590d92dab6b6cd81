/** Ways between boxes that stand in columns, in two rows, around the boxes between them. */

export interface Box {
  readonly column: number;
  /** In the lower row. */
  readonly hardware: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A way, with the middle of its label. */
export interface EdgeLine {
  readonly d: string;
  readonly x: number;
  readonly y: number;
}

/** An edge, with the lane that it takes if it is too long for a straight way. */
export interface Routed<B extends Box> {
  readonly from: B;
  readonly to: B;
  readonly lane?: { readonly below: boolean; readonly number: number };
}

/** Between two columns, for what is written on the edges. */
export const GAP = 80;
/** Between two lanes: a label is as high. */
export const LANE = 16;
/** From a label to the lower row. */
const LABEL_ABOVE = 17;
const ROUND = 6;
/** From a box to a way that passes it, and between two such ways. */
const [BESIDE, APART] = [14, 5];

/**
 * Gives a lane to each edge that a box would hide: edges with the same text to the same box on the right share
 * one. Lanes are between the rows, or below both for edges within the lower one.
 */
export function routed<B extends Box>(
  edges: readonly { readonly from: B; readonly to: B; readonly text: string }[],
  boxes: readonly B[],
): { readonly routes: readonly Routed<B>[]; readonly between: number; readonly below: number } {
  const lanes = { between: new Map<string, number>(), below: new Map<string, number>() };
  const routes = edges.map(({ from, to, text }): Routed<B> => {
    const [left, right] = from.column < to.column ? [from, to] : [to, from];
    const isBetween = ({ column, hardware }: B): boolean =>
      left.column < column && column < right.column && (hardware === left.hardware || hardware === right.hardware);
    if (!boxes.some(isBetween)) return { from, to };
    const below = left.hardware && right.hardware;
    const known = below ? lanes.below : lanes.between;
    const key = `${text} ${boxes.indexOf(right)}`;
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return { from, to, lane: { below, number } };
  });
  return { routes, between: lanes.between.size, below: lanes.below.size };
}

/** Where the rows end and begin, once the boxes are placed. */
export interface Rows {
  /** The bottom of the upper row. */
  readonly upper: number;
  /** Top and bottom of the lower row. */
  readonly lower: number;
  readonly bottom: number;
}

/** The way of an edge, `boxes` being all that are drawn. */
export function wayOf<B extends Box>({ from, to, lane }: Routed<B>, boxes: readonly B[], rows: Rows): EdgeLine {
  if (from.column === to.column) return withinColumn(from, to, boxes, rows);
  const [left, right] = from.column < to.column ? [from, to] : [to, from];
  if (!lane) return straight(left, right);
  const y = (lane.below ? rows.bottom : rows.upper) + LANE * (lane.number + 0.75);
  const start = toLane(left, 'right', y, lane.number, boxes);
  const end = toLane(right, 'left', y, lane.number, boxes);
  return {
    d: rounded([...start, ...end.reverse()]),
    x: from === left ? left.x + left.width + GAP / 2 : right.x - GAP / 2,
    y,
  };
}

/** Down or up from a box to a lane, beside the boxes that are in the way. */
function toLane(box: Box, side: 'left' | 'right', y: number, lane: number, boxes: readonly Box[]): Point[] {
  const down = y > box.y;
  const isFree = !boxes.some(
    (other) =>
      other !== box &&
      other.column === box.column &&
      (down ? other.y > box.y && other.y < y : other.y < box.y && other.y + other.height > y),
  );
  const inner = 12 + APART * lane;
  if (isFree) {
    const x = side === 'right' ? box.x + box.width - inner : box.x + inner;
    return [
      [x, down ? box.y + box.height : box.y],
      [x, y],
    ];
  }
  const edge = side === 'right' ? box.x + box.width : box.x;
  const x = side === 'right' ? edge + BESIDE + APART * lane : edge - BESIDE - APART * lane;
  const middle = besideOf(box);
  return [
    [edge, middle],
    [x, middle],
    [x, y],
  ];
}

function withinColumn(from: Box, to: Box, boxes: readonly Box[], rows: Rows): EdgeLine {
  const [above, below] = from.y < to.y ? [from, to] : [to, from];
  const isBetween = ({ column, y }: Box): boolean => column === above.column && y > above.y && y < below.y;
  const label = above.hardware === below.hardware ? (above.y + above.height + below.y) / 2 : rows.lower - LABEL_ABOVE;
  if (!boxes.some(isBetween)) {
    const x = above.x + above.width / 2;
    return { d: `M${x},${above.y + above.height}L${x},${below.y}`, x, y: label };
  }
  // Each pair beside the others, so that they can be told from one another.
  const column = boxes.filter((box) => box.column === above.column);
  const x = above.x - BESIDE - APART * (column.indexOf(below) % 4);
  const d = rounded([
    [above.x, besideOf(above)],
    [x, besideOf(above)],
    [x, besideOf(below)],
    [below.x, besideOf(below)],
  ]);
  return { d, x: above.x - BESIDE, y: label };
}

/** Below the middle of a side, which is where ways to the next column begin. */
function besideOf({ y, height }: Box): number {
  return y + height * 0.75;
}

/** A curve between columns that are next to each other, or with nothing between them. */
function straight(left: Box, right: Box): EdgeLine {
  const [x1, x2] = [left.x + left.width, right.x];
  const [y1, y2] = [left.y + Math.min(30, left.height / 2), right.y + Math.min(30, right.height / 2)];
  const bend = GAP / 2;
  const d = `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
  return x2 - x1 <= GAP + 1 ? { d, x: (x1 + x2) / 2, y: (y1 + y2) / 2 } : { d, x: x1 + bend, y: y1 };
}

type Point = readonly [x: number, y: number];

/** Lines between the points, with rounded corners. */
function rounded(points: readonly Point[]): string {
  const toward = ([x, y]: Point, [tx, ty]: Point): Point => {
    const length = Math.abs(tx - x) + Math.abs(ty - y);
    const share = length === 0 ? 0 : Math.min(ROUND, length / 2) / length;
    return [x + (tx - x) * share, y + (ty - y) * share];
  };
  return points
    .map((point, i) => {
      const [before, after] = [points[i - 1], points[i + 1]];
      if (!before) return `M${point}`;
      return after ? `L${toward(point, before)}Q${point} ${toward(point, after)}` : `L${point}`;
    })
    .join('');
}
