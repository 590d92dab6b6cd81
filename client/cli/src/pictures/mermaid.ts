/** Pictures as Mermaid text, which many wikis and forges draw. */
import { counted, type OutcomesPicture, type Timeline, type TopologyPicture } from '@snoopscope/sim-core';

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
  const participants = used.map(({ name }) => name);
  const shown = participants.length > 0 ? participants : ['run'];
  const all = [...new Set([shown[0], shown.at(-1)])].map((name) => word(name ?? ''));
  return [
    'sequenceDiagram',
    ...shown.map((name) => `  participant ${word(name)} as ${plain(name)}`),
    ...notices.map((notice) => `  Note over ${all.join()}: ${plain(notice)}`),
    ...ordered.map(({ line }) => `  ${line}`),
  ];
}

export function topologyMermaid({ nodes, edges, notices }: TopologyPicture): string[] {
  return [
    'flowchart LR',
    ...noticeNodes(notices),
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
  const { graph, bars, terms, notices, unit } = picture;
  const values = (all: readonly string[]): string =>
    all.map((value, i) => `${terms[i]} = ${value}`).join('<br>') || 'end';
  if (!graph) {
    return [
      'flowchart LR',
      ...noticeNodes(notices),
      ...bars.flatMap((bar, i) => [
        ...(i === 0 ? ['  start(("start"))'] : []),
        `  start -->|"${quoted(bar.schedule)}"| outcome${i}["${quoted(`${values(bar.values)}<br>${counted(bar.count, unit.replace(/s$/, ''))}`)}"]`,
      ]),
    ];
  }
  return [
    'flowchart TD',
    ...noticeNodes(notices),
    ...graph.states.map(({ id, outcome }) =>
      outcome ? `  s${id}["${quoted(values(outcome))}"]` : `  s${id}(("${id === 0 ? 'start' : id}"))`,
    ),
    ...graph.ways.map(
      ({ from, to, statements, findings, shortest }) =>
        `  s${from} ${shortest ? '==>' : '-->'}|"${quoted([...statements, ...findings.map((finding) => `finds ${finding}`)].join('<br>'))}"| s${to}`,
    ),
  ];
}

/** What has to be said, drawn: a flowchart without nodes would be blank. */
function noticeNodes(notices: readonly string[]): string[] {
  return notices.map((notice, i) => `  notice${i}>"${quoted(notice)}"]`);
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
