/** A timeline in the trace event format, which Perfetto opens: a step is a microsecond. */
import type { Lane, Timeline } from '@snoopscope/sim-core';

/** One process for those who act, one for where data is; values are counters of a third. */
const PROCESSES = { actors: 1, places: 2, values: 3 } as const;

interface TraceEvent {
  readonly ph: 'M' | 'X' | 'i' | 's' | 'f' | 'C';
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name: string;
  readonly [more: string]: unknown;
}

type At = Pick<TraceEvent, 'pid' | 'tid' | 'ts'>;

export function perfettoTrace({ lanes, arrows, rows, notices }: Timeline, file: string, kernel: string): object {
  const pidOf = new Map(
    lanes.map(({ id, kind }) => [id, kind === 'cache' || kind === 'dram' ? PROCESSES.places : PROCESSES.actors]),
  );
  const at = (lane: number, ts: number): At => ({
    pid: pidOf.get(lane) ?? PROCESSES.actors,
    tid: lane + 1,
    ts,
  });
  const events: TraceEvent[] = [
    ...Object.entries(PROCESSES).map(
      ([name, pid]): TraceEvent => ({ ph: 'M', pid, tid: 0, ts: 0, name: 'process_name', args: { name } }),
    ),
    ...notices.map(
      (notice): TraceEvent => ({
        ph: 'i',
        pid: PROCESSES.actors,
        tid: 0,
        ts: 0,
        name: notice,
        cat: 'notice',
        s: 'g',
      }),
    ),
    ...lanes.flatMap((lane) => laneEvents(lane, (ts) => at(lane.id, ts))),
    ...arrows.flatMap(({ step, from, to, kind, text }, i): TraceEvent[] => [
      { ph: 's', ...at(from, step), name: text, cat: kind, id: i + 1 },
      { ph: 'f', ...at(to, step), name: text, cat: kind, id: i + 1, bp: 'e' },
    ]),
    ...rows.flatMap(({ of, name, segments }) =>
      segments.flatMap(({ from, text }): TraceEvent[] =>
        text === ''
          ? []
          : [
              {
                ph: 'C',
                pid: PROCESSES.values,
                tid: 0,
                ts: from,
                name: `${of} ${name}`,
                args: { value: Number(text) },
              },
            ],
      ),
    ),
  ];
  return { traceEvents: events, otherData: { file, kernel, step: '1 µs', ...(notices.length > 0 && { notices }) } };
}

function laneEvents({ id, name, spans, marks, exits, locks }: Lane, at: (ts: number) => At): TraceEvent[] {
  return [
    { ph: 'M', ...at(0), name: 'thread_name', args: { name } },
    { ph: 'M', ...at(0), name: 'thread_sort_index', args: { sort_index: id } },
    ...spans.map(
      ({ from, end, text, comment, result, line }): TraceEvent => ({
        ph: 'X',
        ...at(from),
        dur: end - from,
        name: text,
        cat: 'statement',
        args: { line: line + 1, ...(comment !== undefined && { comment }), ...(result !== undefined && { result }) },
      }),
    ),
    ...exits.map(
      ({ from, end, text }): TraceEvent => ({ ph: 'X', ...at(from), dur: end - from, name: text, cat: 'exit' }),
    ),
    ...locks.map(
      ({ from, end, lock, waits }): TraceEvent => ({
        ph: 'X',
        ...at(from),
        dur: end - from,
        name: `${waits ? 'waits for' : 'holds'} ${lock}`,
        cat: 'lock',
      }),
    ),
    ...marks.map(
      ({ step, kind, text, event }): TraceEvent => ({
        ph: 'i',
        ...at(step),
        name: text,
        cat: kind,
        s: kind === 'finding' ? 'g' : 't',
        args: { event },
      }),
    ),
  ];
}
