/**
 * The machine and the kernel's objects at a cursor, as a graph: what is in what, attached to what, registered where, and
 * which way the last transaction or flush went.
 */

import { counted } from '../counted.ts';
import { describeEvent } from '../explain/event-text.ts';
import type { ObjectNames } from '../explain/object-names.ts';
import { PICTURE_LIMITS } from './limits.ts';
import { type CursorPlace, type PlaceOptions, scenesOf, sinceOf } from './place.ts';
import type { PictureText } from './table.ts';
import { type Graph, graphOf } from './topology-graph.ts';
import { type Route, routeOf } from './topology-route.ts';

export interface TopologyPicture {
  readonly picture: 'topology';
  readonly notices: readonly string[];
  readonly position: number;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
  /** The last TLP or flush of what has just happened. */
  readonly current?: { readonly event: number; readonly text: string };
}

/** In the order in which they are drawn from left to right. */
export const NODE_KINDS = [
  'device',
  'group',
  'domain',
  'iommu',
  'container',
  'iommufd',
  'kvm-vfio',
  'vm',
  'vcpu',
  'cpu',
  'dram',
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export interface TopologyNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly name: string;
  readonly facts: readonly { readonly name: string; readonly value: string; readonly changed?: boolean }[];
  /** It was not there before the step. */
  readonly changed?: boolean;
  /** On the way of the current transaction. */
  readonly lit?: boolean;
}

export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  /** What the kernel calls it: `in group`, `attached`, `registered`, `maps`. */
  readonly text: string;
  readonly changed?: boolean;
  readonly lit?: boolean;
}

export function topologyPicture(place: CursorPlace, names: ObjectNames, options: PlaceOptions = {}): TopologyPicture {
  const { run, position } = place;
  const since = sinceOf(position, options);
  const { now, before } = scenesOf(place, names, since);
  const graph = graphOf(now);
  const earlier = graphOf(before);
  const route = routeOf(run, now, since, position);
  const shown = graph.nodes.slice(0, PICTURE_LIMITS.nodes);
  const ids = new Set(shown.map(({ id }) => id));
  return {
    picture: 'topology',
    notices:
      shown.length < graph.nodes.length
        ? [`The first ${shown.length} of ${graph.nodes.length} objects are shown.`]
        : [],
    position,
    nodes: shown.map((node) => markedNode(node, earlier, route)),
    edges: graph.edges
      .filter(({ from, to }) => ids.has(from) && ids.has(to))
      .map((edge) => markedEdge(edge, earlier, route)),
    ...(route && {
      current: { event: route.event, text: describeEvent(run.model, run.log, route.event, names)?.text ?? '' },
    }),
  };
}

function markedNode(node: TopologyNode, earlier: Graph, route: Route | undefined): TopologyNode {
  const known = earlier.nodes.find(({ id }) => id === node.id);
  return {
    ...node,
    facts: node.facts.map((fact) => {
      const old = known?.facts.find(({ name }) => name === fact.name);
      return known && old?.value !== fact.value ? { ...fact, changed: true } : fact;
    }),
    ...(!known && { changed: true }),
    ...(route?.nodes.includes(node.id) && { lit: true }),
  };
}

function markedEdge(edge: TopologyEdge, earlier: Graph, route: Route | undefined): TopologyEdge {
  const known = earlier.edges.some(({ from, to, text }) => from === edge.from && to === edge.to && text === edge.text);
  const on = route?.nodes ?? [];
  // A transaction snoops its caches side by side.
  const lit =
    on.some((node, i) => i > 0 && joins(edge, on[i - 1]!, node)) ||
    ((edge.text === 'snoops' || edge.text === 'caches') && on.includes(edge.from) && on.includes(edge.to));
  return { ...edge, ...(!known && { changed: true }), ...(lit && { lit: true }) };
}

function joins({ from, to }: TopologyEdge, one: string, other: string): boolean {
  return (from === one && to === other) || (from === other && to === one);
}

export function topologyText({ notices, nodes, edges, current, position }: TopologyPicture): PictureText {
  const nameOf = new Map(nodes.map(({ id, name }) => [id, name]));
  const marks = (one: { readonly changed?: boolean; readonly lit?: boolean }): string =>
    [...(one.changed ? ['changed'] : []), ...(one.lit ? ['on the way'] : [])].join(', ');
  return {
    notices: [...notices, ...(current ? [`Just now: ${current.text}.`] : [])],
    tables: [
      {
        title: `Objects after ${counted(position, 'step')} (* has changed)`,
        columns: ['kind', 'name', 'facts', 'mark'],
        rows: nodes.map((node) => [
          node.kind,
          node.name,
          node.facts.map(({ name, value, changed }) => `${name} ${value}${changed ? ' *' : ''}`).join(', '),
          marks(node),
        ]),
      },
      {
        title: 'Relations',
        columns: ['object', 'relation', 'to', 'mark'],
        rows: edges.map((edge) => [nameOf.get(edge.from) ?? '', edge.text, nameOf.get(edge.to) ?? '', marks(edge)]),
      },
    ].filter(({ rows }) => rows.length > 0),
  };
}
