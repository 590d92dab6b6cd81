/** Topology drawn: the kernel's objects above, the hardware below, what belongs together in one column. */

import type { NodeKind, TopologyEdge, TopologyNode, TopologyPicture } from '@snoopscope/sim-core';
import { counted } from '@snoopscope/sim-core';
import { type Drawing, fitted, group, path, rect, type Shape, text } from './shape.ts';
import { type Box, GAP, LANE, type Routed, type Rows, routed, wayOf } from './topology-ways.ts';

/** The column of each kind, and whether it is hardware. */
const PLACES: Readonly<Record<NodeKind, { readonly column: number; readonly hardware: boolean }>> = {
  group: { column: 0, hardware: false },
  container: { column: 1, hardware: false },
  iommufd: { column: 1, hardware: false },
  'kvm-vfio': { column: 2, hardware: false },
  vm: { column: 3, hardware: false },
  vcpu: { column: 4, hardware: false },
  device: { column: 0, hardware: true },
  domain: { column: 1, hardware: true },
  iommu: { column: 2, hardware: true },
  cpu: { column: 3, hardware: true },
  dram: { column: 4, hardware: true },
};
const COLUMNS = 5;
const LEAST_COLUMN = 184;
const LINE = 14;
const HEAD = 19;
const BETWEEN = 14;
const TOP = 8;

interface NodeBox extends Box {
  readonly node: TopologyNode;
}

export function drawTopology(topology: TopologyPicture, width: number): Drawing {
  const column = Math.max(LEAST_COLUMN, width / COLUMNS);
  const { boxes, routes, rows, height } = placed(topology, column);
  const labels = new Map<string, Shape[]>();
  const edges = routes.map(({ edge, route }) => {
    const { d, x, y } = wayOf(route, boxes, rows);
    const marks = `${edge.changed ? ' changed' : ''}${edge.lit ? ' lit' : ''}`;
    const what = `${edge.text}${edge.changed ? ' (new)' : ''}`;
    // What several edges have at the same place is written once.
    if (!QUIET.has(edge.text))
      labels.set(
        `${edge.text} ${x} ${y}`,
        edgeLabel(x, y, edge.changed ? (route.lane ? [what] : [edge.text, '(new)']) : [edge.text]),
      );
    return path(d, `edge${marks}${QUIET.has(edge.text) ? ' quiet' : ''}`, {
      label: `${route.from.node.name} ${what} ${route.to.node.name}`,
    });
  });
  return {
    width: Math.max(width, column * COLUMNS),
    height: height + (topology.current ? 24 : 8),
    label: `Topology after ${counted(topology.position, 'step')}`,
    shapes: [
      ...edges,
      ...boxes.map(nodeShape),
      ...[...labels.values()].flat(),
      ...(topology.current ? [nowShape(topology.current, height, column * COLUMNS)] : []),
    ],
  };
}

function nowShape({ text: what, event }: NonNullable<TopologyPicture['current']>, y: number, width: number): Shape {
  const label = `Now: ${what}`;
  return group(
    [rect(4, y, width - 8, 20, 'label-paper'), text(10, y + 14, label, 'strong')],
    { class: 'choice' },
    { label, intent: { kind: 'goToEvent', event } },
  );
}

/** Ways that are always there: drawn faintly unless something is on them. */
const QUIET: ReadonlySet<string> = new Set(['past the caches', 'snoops', 'caches', 'translated by']);

interface Placed {
  readonly boxes: readonly NodeBox[];
  readonly routes: readonly { readonly edge: TopologyEdge; readonly route: Routed<NodeBox> }[];
  readonly rows: Rows;
  readonly height: number;
}

/** Boxes in their columns, one below the other, with room between and below the rows for the edges that need it. */
function placed({ nodes, edges }: TopologyPicture, column: number): Placed {
  const inRow = (hardware: boolean, top: number): { boxes: NodeBox[]; bottom: number } => {
    const boxes: NodeBox[] = [];
    const bottoms = new Array<number>(COLUMNS).fill(top);
    for (const node of nodes) {
      const place = PLACES[node.kind];
      if (place.hardware !== hardware) continue;
      const y = bottoms[place.column]!;
      const height = HEAD + node.facts.length * LINE + 4;
      boxes.push({ ...place, node, x: place.column * column + GAP / 2, y, width: column - GAP, height });
      bottoms[place.column] = y + height + BETWEEN;
    }
    return { boxes, bottom: Math.max(...bottoms) - (boxes.length > 0 ? BETWEEN : 0) };
  };
  const connected = (boxes: readonly NodeBox[]) => {
    const byId = new Map(boxes.map((box) => [box.node.id, box]));
    const drawn = edges.flatMap((edge) => {
      const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
      return from && to ? [{ edge, from, to, text: edge.text }] : [];
    });
    return { drawn, ...routed(drawn, boxes) };
  };
  const upper = inRow(false, TOP);
  // Which edges need a lane does not hang on how far down the lower row is.
  const { between } = connected([...upper.boxes, ...inRow(true, upper.bottom).boxes]);
  const lower = inRow(true, upper.boxes.length === 0 ? TOP : upper.bottom + BETWEEN * 3 + between * LANE);
  const boxes = [...upper.boxes, ...lower.boxes];
  const { drawn, routes, below } = connected(boxes);
  return {
    boxes,
    routes: drawn.map(({ edge }, i) => ({ edge, route: routes[i]! })),
    rows: { upper: upper.bottom, lower: lower.boxes[0]?.y ?? upper.bottom, bottom: lower.bottom },
    height: Math.max(60, lower.bottom + BETWEEN + below * LANE),
  };
}

function nodeShape({ node, x, y, width, height }: NodeBox): Shape {
  const look = `node${node.changed ? ' changed' : ''}${node.lit ? ' lit' : ''}`;
  const facts = node.facts.map(({ name, value, changed }) => `${name} ${value}${changed ? ' (new)' : ''}`);
  return group(
    [
      rect(x, y, width, height, look),
      ...fitted(
        x + 6,
        y + 14,
        width - 12,
        node.name === node.kind ? node.name : `${node.name} (${KIND_TEXT[node.kind]})`,
        'strong',
      ),
      ...facts.flatMap((fact, i) =>
        fitted(x + 6, y + HEAD + 10 + i * LINE, width - 12, fact, node.facts[i]?.changed ? 'strong' : 'dim'),
      ),
    ],
    {},
    { label: `${KIND_TEXT[node.kind]} ${node.name}: ${facts.join(', ')}` },
  );
}

const KIND_TEXT: Readonly<Record<NodeKind, string>> = {
  device: 'device',
  group: 'VFIO group',
  domain: 'IOMMU domain',
  iommu: 'IOMMU',
  container: 'container',
  iommufd: 'iommufd',
  'kvm-vfio': 'kvm-vfio',
  vm: 'VM',
  vcpu: 'vCPU',
  cpu: 'pCPU, cache',
  dram: 'memory',
};

/** Its lines, one below the other: between two columns there is room for a few words. */
function edgeLabel(x: number, y: number, lines: readonly string[]): Shape[] {
  const width = Math.max(...lines.map((line) => line.length)) * SMALL + 2;
  const top = y - (lines.length * SMALL_LINE) / 2;
  return [
    rect(x - width / 2, top - 1, width, lines.length * SMALL_LINE + 2, 'label-paper'),
    ...lines.map((line, i) => text(x, top + 10 + i * SMALL_LINE, line, 'centre dim small')),
  ];
}

/** Width of a character on an edge, and height of a line, in pixels. */
const [SMALL, SMALL_LINE] = [6.1, 12];
