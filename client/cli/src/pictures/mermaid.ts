/** Pictures as Mermaid text, which many wikis and forges draw. */
import { countedMoves, type OutcomesPicture, type Timeline, type TopologyPicture } from '@snoopscope/sim-core';

/** A sequence diagram: statements as notes to oneself, transactions as arrows. */
export function timelineMermaid({ lanes, arrows, notices }: Timeline): string[] {
  const nameOf = new Map(lanes.map(({ id, name }) => [id, name]));
  const used = lanes.filter(
    ({ id, spans, marks }) =>
      spans.length + marks.length > 0 || arrows.some(({ from, to }) => from === id || to === id),
  );
  const lines = lanes.flatMap(({ id, name, spans, marks }) => [
    ...spans.map(({ from, text, result }) => ({
      at: from,
      event: -1,
      line: `${word(name)}->>${word(name)}: ${plain(`${text}${result === undefined ? '' : ` = ${result}`}`)}`,
    })),
    ...marks
      .filter(({ event }) => !arrows.some((arrow) => arrow.event === event && arrow.from === id))
      .map(({ step, event, kind, text }) => ({
        at: step,
        event,
        line: `Note over ${word(name)}: ${kind === 'finding' ? '⚑ ' : ''}${plain(text)}`,
      })),
  ]);
  const ways = arrows.map(({ step, event, from, to, kind, text }) => ({
    at: step,
    event,
    line: `${word(nameOf.get(from) ?? '')}${kind === 'not snooped' ? '--)' : '->>'}${word(nameOf.get(to) ?? '')}: ${plain(`${text} [${kind}]`)}`,
  }));
  const ordered = [...lines, ...ways].sort((a, b) => a.at - b.at || a.event - b.event);
  return [
    'sequenceDiagram',
    ...notices.map((notice) => `  %% ${plain(notice)}`),
    ...used.map(({ name }) => `  participant ${word(name)} as ${plain(name)}`),
    ...ordered.map(({ line }) => `  ${line}`),
  ];
}

export function topologyMermaid({ nodes, edges, notices }: TopologyPicture): string[] {
  return [
    'flowchart LR',
    ...notices.map((notice) => `  %% ${plain(notice)}`),
    ...nodes.map(
      ({ id, name, kind, facts, lit }) =>
        `  ${word(id)}["${quoted([`${name} (${kind})`, ...facts.map((fact) => `${fact.name} ${fact.value}`)].join('<br>'))}"]${lit ? ':::lit' : ''}`,
    ),
    ...edges.map(({ from, to, text, lit }) => `  ${word(from)} ${lit ? '==>' : '-->'}|"${quoted(text)}"| ${word(to)}`),
    '  classDef lit stroke-width:3px',
  ];
}

/** The graph of states where there is one, else the ways to the outcomes. */
export function outcomesMermaid(picture: OutcomesPicture): string[] {
  const { graph, bars, terms, notices } = picture;
  const values = (all: readonly string[]): string => all.map((value, i) => `${terms[i]}=${value}`).join(' ') || 'end';
  const comments = notices.map((notice) => `  %% ${plain(notice)}`);
  if (!graph) {
    return [
      'flowchart LR',
      ...comments,
      '  start(("start"))',
      ...bars.map(
        (bar, i) =>
          `  start -->|"${quoted(bar.schedule)}"| outcome${i}["${quoted(`${values(bar.values)}: ${bar.count}`)}"]`,
      ),
    ];
  }
  return [
    'flowchart TD',
    ...comments,
    ...graph.states.map(({ id, outcome }) =>
      outcome ? `  s${id}(["${quoted(values(outcome))}"])` : `  s${id}(("${id}"))`,
    ),
    ...graph.ways.map(
      ({ from, to, moves, findings, shortest }) =>
        `  s${from} ${shortest ? '==>' : '-->'}|"${quoted(`${countedMoves(moves)}${findings.length > 0 ? ` ! ${findings.join(', ')}` : ''}`)}"| s${to}`,
    ),
  ];
}

/** A name that Mermaid takes without quotes. */
function word(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}]/gu, '_');
}

/** A text that ends no line and begins no entity, comment or message. */
function plain(text: string): string {
  return text.replaceAll(/[#;:]/g, (c) => `#${c.codePointAt(0)};`).replaceAll(/\s+/g, ' ');
}

function quoted(text: string): string {
  return text
    .replaceAll('&', '#38;')
    .replaceAll('"', '#34;')
    .replaceAll(/<(?!br>)/g, '#60;')
    .replaceAll(/\s+/g, ' ');
}
