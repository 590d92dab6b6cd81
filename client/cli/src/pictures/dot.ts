/** Topology and outcomes as Graphviz text. */
import { counted, countedMoves, type OutcomesPicture, type TopologyPicture } from '@snoopscope/sim-core';

export function topologyDot({ nodes, edges, position, notices }: TopologyPicture): string[] {
  return [
    'digraph topology {',
    ...notices.map((notice) => `  // ${notice.replaceAll(/\s+/g, ' ')}`),
    `  label=${quoted(`after ${counted(position, 'step')}`)};`,
    '  rankdir=LR;',
    '  node [shape=box, fontname="monospace"];',
    ...nodes.map(
      ({ id, kind, name, facts, changed, lit }) =>
        `  ${quoted(id)} [label=${quoted([`${name} (${kind})`, ...facts.map((fact) => `${fact.name} ${fact.value}`)].join('\n'))}${look(changed, lit)}];`,
    ),
    ...edges.map(
      ({ from, to, text, changed, lit }) =>
        `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(text)}${look(changed, lit)}];`,
    ),
    '}',
  ];
}

export function outcomesDot({ graph, bars, terms, notices }: OutcomesPicture): string[] {
  const values = (all: readonly string[]): string => all.map((value, i) => `${terms[i]}=${value}`).join(' ') || 'end';
  const body = graph
    ? [
        ...graph.states.map(
          ({ id, outcome }) =>
            `  s${id} [${outcome ? `shape=box, label=${quoted(values(outcome))}` : `label="${id}"`}];`,
        ),
        ...graph.ways.map(
          ({ from, to, moves, findings, shortest }) =>
            `  s${from} -> s${to} [label=${quoted([countedMoves(moves), ...findings].join('\n'))}${look(findings.length > 0, shortest)}];`,
        ),
      ]
    : [
        '  start [label="start"];',
        ...bars.flatMap((bar, i) => [
          `  outcome${i} [shape=box, label=${quoted(`${values(bar.values)}\n${bar.count}`)}];`,
          `  start -> outcome${i} [label=${quoted(bar.schedule)}];`,
        ]),
      ];
  return ['digraph outcomes {', ...notices.map((notice) => `  // ${notice.replaceAll(/\s+/g, ' ')}`), ...body, '}'];
}

/** Bold is on the way, dashed has changed or finds something. */
function look(changed: boolean | undefined, lit: boolean | undefined): string {
  const styles = [...(lit ? ['bold'] : []), ...(changed ? ['dashed'] : [])];
  return styles.length === 0 ? '' : `, style=${quoted(styles.join(','))}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
