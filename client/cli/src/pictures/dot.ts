/** Topology and outcomes as Graphviz text. */
import { counted, type OutcomesPicture, type StateGraph, type TopologyPicture } from '@snoopscope/sim-core';

/** Statements that are written at a way: more would be a page beside an arrow. */
const MOST_STATEMENTS = 8;

export function topologyDot({ nodes, edges, position, notices }: TopologyPicture): string[] {
  return [
    'digraph topology {',
    ...caption([`after ${counted(position, 'step')}`, ...notices]),
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

export function outcomesDot(picture: OutcomesPicture): string[] {
  const { graph, bars, unit, kernel, notices } = picture;
  const legend = graph
    ? 'Bold: a shortest way to each outcome. Dashed: something is found. Boxes: nobody has a statement left.'
    : 'A schedule leads to each outcome.';
  return [
    'digraph outcomes {',
    ...caption([`Outcomes on ${kernel}`, ...(bars.length > 0 ? [legend] : []), ...notices]),
    '  node [fontname="monospace"];',
    '  edge [fontname="monospace", fontsize=11];',
    ...(graph
      ? statesDot(picture, graph)
      : bars.flatMap((bar, i) => [
          ...(i === 0 ? ['  start [label="start"];'] : []),
          `  outcome${i} [shape=box, label=${quoted(`${valuesOf(picture, bar.values)}\n${counted(bar.count, unit.replace(/s$/, ''))}`)}];`,
          `  start -> outcome${i} [label=${quoted(bar.schedule)}];`,
        ])),
    '}',
  ];
}

function statesDot(picture: OutcomesPicture, { states, ways }: StateGraph): string[] {
  return [
    ...states.map(({ id, outcome }) => {
      if (outcome) return `  s${id} [shape=box, label=${quoted(valuesOf(picture, outcome))}];`;
      return id === 0 ? '  s0 [label="start"];' : `  s${id} [shape=circle, label="${id}", fontsize=10];`;
    }),
    ...ways.map(
      ({ from, to, statements, findings, shortest }) =>
        `  s${from} -> s${to} [label=${quoted([...firstOf(statements), ...findings.map((finding) => `finds ${finding}`)].join('\n'))}${look(findings.length > 0, shortest)}];`,
    ),
  ];
}

function firstOf(statements: readonly string[]): readonly string[] {
  if (statements.length <= MOST_STATEMENTS) return statements;
  const shown = statements.slice(0, MOST_STATEMENTS - 1);
  return [...shown, `and ${statements.length - shown.length} more`];
}

function valuesOf({ terms }: OutcomesPicture, values: readonly string[]): string {
  return values.map((value, i) => `${terms[i]} = ${value}`).join('\n') || 'end';
}

/** Above the graph, so that a graph without nodes is not blank. */
function caption(lines: readonly string[]): string[] {
  return [`  label=${quoted(lines.map((line) => line.replaceAll(/\s+/g, ' ')).join('\n'))};`, '  labelloc=t;'];
}

/** Bold is on the way, dashed has changed or finds something. */
function look(changed: boolean | undefined, lit: boolean | undefined): string {
  const styles = [...(lit ? ['bold'] : []), ...(changed ? ['dashed'] : [])];
  return styles.length === 0 ? '' : `, style=${quoted(styles.join(','))}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
