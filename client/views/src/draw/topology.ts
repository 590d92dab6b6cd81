/** Topology drawn: the kernel's objects above, the hardware below, what belongs together in one column. */

import type { NodeKind, TopologyNode, TopologyPicture } from '@snoopscope/sim-core';
import { counted } from '@snoopscope/sim-core';
import { type Drawing, fitted, group, path, rect, type Shape, text } from './shape.ts';

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
/** Between two columns, for what is written on the edges. */
const GAP = 80;
const LINE = 14;
const HEAD = 19;
const BETWEEN = 14;

interface Box {
  readonly node: TopologyNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function drawTopology(topology: TopologyPicture, width: number): Drawing {
  const column = Math.max(LEAST_COLUMN, width / COLUMNS);
  const { boxes, height } = placed(topology.nodes, column);
  const byId = new Map(boxes.map((box) => [box.node.id, box]));
  const labels: Shape[] = [];
  const edges = topology.edges.flatMap((edge) => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    if (!from || !to) return [];
    const { d, x, y } = way(from, to);
    const marks = `${edge.changed ? ' changed' : ''}${edge.lit ? ' lit' : ''}`;
    const what = `${edge.text}${edge.changed ? ' (new)' : ''}`;
    if (!QUIET.has(edge.text)) labels.push(...edgeLabel(x, y, edge.changed ? [edge.text, '(new)'] : [edge.text]));
    return [
      path(d, `edge${marks}${QUIET.has(edge.text) ? ' quiet' : ''}`, {
        label: `${from.node.name} ${what} ${to.node.name}`,
      }),
    ];
  });
  return {
    width: Math.max(width, column * COLUMNS),
    height: height + (topology.current ? 24 : 8),
    label: `Topology after ${counted(topology.position, 'step')}`,
    shapes: [
      ...edges,
      ...boxes.map(nodeShape),
      ...labels,
      ...(topology.current
        ? [
            group(
              [
                rect(4, height, column * COLUMNS - 8, 20, 'label-paper'),
                text(10, height + 14, `Now: ${topology.current.text}`, 'strong'),
              ],
              { class: 'choice' },
              {
                label: `Now: ${topology.current.text}`,
                intent: { kind: 'goToEvent', event: topology.current.event },
              },
            ),
          ]
        : []),
    ],
  };
}

/** Ways that are always there: drawn faintly unless something is on them. */
const QUIET: ReadonlySet<string> = new Set(['past the caches', 'snoops', 'caches', 'translated by']);

function placed(nodes: readonly TopologyNode[], column: number): { boxes: Box[]; height: number } {
  const boxes: Box[] = [];
  let top = 8;
  for (const hardware of [false, true]) {
    const bottoms = new Array<number>(COLUMNS).fill(top);
    for (const node of nodes) {
      const place = PLACES[node.kind];
      if (place.hardware !== hardware) continue;
      const y = bottoms[place.column]!;
      const height = HEAD + node.facts.length * LINE + 4;
      boxes.push({ node, x: place.column * column + GAP / 2, y, width: column - GAP, height });
      bottoms[place.column] = y + height + BETWEEN;
    }
    top = Math.max(...bottoms) + BETWEEN * 2;
  }
  return { boxes, height: Math.max(60, top - BETWEEN * 2) };
}

function nodeShape({ node, x, y, width, height }: Box): Shape {
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

/** A curve between the sides that face each other, and its middle. */
function way(from: Box, to: Box): { d: string; x: number; y: number } {
  const centre = (box: Box): number => box.x + box.width / 2;
  if (Math.abs(from.x - to.x) < 1) {
    const [above, below] = from.y < to.y ? [from, to] : [to, from];
    const [y1, y2] = [above.y + above.height, below.y];
    const x = centre(above);
    return { d: `M${x},${y1}L${x},${y2}`, x, y: (y1 + y2) / 2 };
  }
  const [left, right] = from.x < to.x ? [from, to] : [to, from];
  const [x1, x2] = [left.x + left.width, right.x];
  const [y1, y2] = [left.y + Math.min(30, left.height / 2), right.y + Math.min(30, right.height / 2)];
  const bend = GAP / 2;
  const d = `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
  // Beside the box that it comes from: in the middle of a long one there may be another box.
  if (x2 - x1 <= GAP + 1) return { d, x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
  return from === left ? { d, x: x1 + GAP / 2, y: y1 } : { d, x: x2 - GAP / 2, y: y2 };
}

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
