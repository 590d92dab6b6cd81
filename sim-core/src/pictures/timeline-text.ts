/** A timeline in words: its text equivalent. */
import type { PictureTable, PictureText } from './table.ts';
import type { Lane, Timeline, ValueLane } from './timeline.ts';

export function timelineText(timeline: Timeline): PictureText {
  const { notices, lanes, rows, chain } = timeline;
  const counted = lanes.some(({ cells }) => cells);
  return {
    notices,
    tables: [
      counted ? countTable(lanes) : eventTable(timeline),
      ...(lanes.some(({ locks }) => locks.length > 0) ? [lockTable(lanes)] : []),
      ...(rows.length > 0 ? [valueTable(rows)] : []),
      ...(chain ? [chainTable(chain, lanes)] : []),
    ].filter((table) => table.rows.length > 0),
  };
}

interface Row {
  readonly step: number;
  /** Statements come before what happens in them. */
  readonly event: number;
  readonly cells: readonly string[];
}

function eventTable({ lanes, arrows }: Timeline): PictureTable {
  const nameOf = new Map(lanes.map(({ id, name }) => [id, name]));
  const targets = new Map<number, string[]>();
  for (const { event, to, kind } of arrows) {
    const text = `${kind === 'IPI' ? 'IPI to' : `${kind}:`} ${nameOf.get(to)}`;
    targets.set(event, [...(targets.get(event) ?? []), text]);
  }
  const rows: Row[] = lanes.flatMap(({ name, spans, marks, exits }) => [
    ...spans.map(({ from, end, text, comment, result, open }) => ({
      step: from,
      event: -1,
      cells: [
        stretch(from, end),
        name,
        'statement',
        `${text}${result === undefined ? '' : ` = ${result}`}${comment === undefined ? '' : `  // ${comment}`}`,
        open ? 'not over' : '',
      ],
    })),
    ...marks.map(({ step, event, kind, text }) => {
      const exit = exits.find((one) => one.event === event);
      const where = targets.get(event)?.join(', ') ?? (exit ? `handled until step ${exit.end - 1}` : '');
      return { step, event, cells: [String(step), name, kind, text, where] };
    }),
  ]);
  rows.sort((a, b) => a.step - b.step || a.event - b.event);
  return {
    title: 'Events',
    columns: ['steps', 'where', 'what', 'text', 'to'],
    rows: rows.map(({ cells }) => cells),
  };
}

function countTable(lanes: readonly Lane[]): PictureTable {
  return {
    title: 'Events, counted',
    columns: ['steps', 'where', 'statements', 'marks', 'kinds'],
    rows: lanes.flatMap(({ name, cells = [] }) =>
      cells.map(({ from, end, statements, marks, kinds }) => [
        stretch(from, end),
        name,
        String(statements),
        String(marks),
        kinds.join(', '),
      ]),
    ),
  };
}

function lockTable(lanes: readonly Lane[]): PictureTable {
  const rows = lanes.flatMap(({ name, locks }) => locks.map((lock) => ({ name, ...lock })));
  rows.sort((a, b) => a.from - b.from);
  return {
    title: 'Locks',
    columns: ['steps', 'who', 'lock', 'how'],
    rows: rows.map(({ name, from, end, lock, waits }) => [
      stretch(from, end),
      name,
      lock,
      waits ? 'waits for it' : 'holds it',
    ]),
  };
}

function valueTable(rows: readonly ValueLane[]): PictureTable {
  return {
    title: 'Values',
    columns: ['of', 'where', 'steps', 'value'],
    rows: rows.flatMap(({ of, name, segments }) =>
      segments.map((segment) => [of, name, stretch(segment.from, segment.end), viewText(segment)]),
    ),
  };
}

function chainTable({ headline, links }: NonNullable<Timeline['chain']>, lanes: readonly Lane[]): PictureTable {
  return {
    title: headline,
    columns: ['step', 'who', 'why', 'source'],
    rows: links.map(({ event, step, lane, text, sources }) => [
      event < 0 ? 'start' : String(step),
      lanes.find(({ id }) => id === lane)?.name ?? '',
      text,
      sources.map(({ document, place }) => `${document}: ${place}`).join('; '),
    ]),
  };
}

/** `M 1 (stale)`, `I`, `- blocked by the IOMMU`. */
export function viewText(view: {
  readonly text: string;
  readonly letter?: string;
  readonly stale?: boolean;
  readonly note?: string;
  readonly changes?: number;
}): string {
  const what = [view.letter, view.text].filter((part) => part !== undefined && part !== '').join(' ');
  const remarks = [
    ...(view.stale ? ['stale'] : []),
    ...(view.note ? [view.note] : []),
    ...(view.changes ? [`${view.changes} changes`] : []),
  ];
  return `${what}${remarks.length > 0 ? ` (${remarks.join('; ')})` : ''}`;
}

function stretch(from: number, end: number): string {
  return end - from <= 1 ? String(from) : `${from}–${end - 1}`;
}
