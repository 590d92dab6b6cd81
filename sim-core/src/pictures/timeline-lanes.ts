/** What is in the lanes of a window of a timeline: each thing, or how much there is. */
import type { Run } from '../engine/run.ts';
import { resultText } from '../explain/event-text.ts';
import { statementComment } from '../explain/statement-text.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import type { GrowingRows } from './growing.ts';
import { ARROW_KINDS, MARK_KINDS, MARK_NAMES, type MarkName } from './marks.ts';
import { ARROW, EXIT_SPAN, LOCK, MARK, type RunIndex, SPAN } from './run-index.ts';
import { cellBounds } from './series.ts';
import type {
  Arrow,
  ExitSpan,
  Lane,
  LockSpan,
  StatementSpan,
  Timeline,
  TimelineCell,
  TimelineMark,
} from './timeline.ts';

type Window = Timeline['window'];

/** Is the lane itself what is filtered for? */
export function nameMatches(index: RunIndex, id: number): boolean {
  return (index.lanes.all[id]?.name ?? '').toLowerCase().includes(index.filter);
}

export function everything(
  index: RunIndex,
  id: number,
  window: Window,
): Pick<Lane, 'spans' | 'marks' | 'exits' | 'locks'> {
  return {
    spans: spansOf(index, id, window),
    marks: marksOf(index, id, window),
    exits: exitsOf(index, id, window),
    locks: locksOf(index, id, window),
  };
}

function spansOf(index: RunIndex, id: number, { first, end }: Window): StatementSpan[] {
  const { spans } = index.lane(id);
  const before = Math.max(0, spans.lowerBound(first) - 1);
  const all: StatementSpan[] = [];
  for (let row = before; row < spans.size && spans.at(row, SPAN.first) < end; row++) {
    const over = spans.at(row, SPAN.end);
    if (over >= 0 && over <= first) continue;
    const span = spanOf(index, id, row);
    if (index.filter === '' || nameMatches(index, id) || span.text.toLowerCase().includes(index.filter)) all.push(span);
  }
  return all;
}

function spanOf(index: RunIndex, id: number, row: number): StatementSpan {
  const { model, run } = index;
  const { spans } = index.lane(id);
  const node = spans.at(row, SPAN.node);
  const done = spans.at(row, SPAN.done);
  const from = spans.at(row, SPAN.first);
  const end = done >= 0 ? spans.at(row, SPAN.end) : run.steps;
  const place = model.nodes[node]?.place;
  const value = done >= 0 ? run.log[done * EVENT_WIDTH + 3]! : 0;
  const comment = statementComment(model, node);
  const content = place && model.sources[place.file]?.parsed.lines[place.line]?.content;
  return {
    from,
    end,
    moves: movesOf(run, id, from, end),
    text: index.statement(node),
    line: place?.line ?? 0,
    file: place?.file ?? 0,
    ...(comment !== '' && { comment }),
    ...(done < 0 && { open: true }),
    ...(done >= 0 && content?.kind === 'syscall' && { result: resultText(value), ...(value < 0 && { failed: true }) }),
  };
}

/** Steps that one statement is looked through for; one that waits longer is drawn as if it moved at its ends only. */
const LONGEST_LOOK = 2000;

function movesOf(run: Run, actor: number, from: number, end: number): [number, number][] {
  if (end - from > LONGEST_LOOK)
    return [
      [from, from + 1],
      [end - 1, end],
    ];
  const moves: [number, number][] = [];
  for (let step = from; step < end; step++) {
    if (run.step(step).actor !== actor) continue;
    const last = moves.at(-1);
    if (last && last[1] === step) last[1] = step + 1;
    else moves.push([step, step + 1]);
  }
  return moves;
}

function marksOf(index: RunIndex, id: number, { first, end }: Window): TimelineMark[] {
  const { marks } = index.lane(id);
  const all: TimelineMark[] = [];
  for (let row = marks.lowerBound(first); row < marks.size && marks.at(row, MARK.step) < end; row++) {
    const event = marks.at(row, MARK.event);
    const kind = MARK_NAMES[marks.at(row, MARK.kind)]!;
    const text = index.markText(event);
    all.push({ step: marks.at(row, MARK.step), event, kind, letter: letterOf(kind, text), text });
  }
  return all;
}

/** A cache line's mark is the state that it is in then; every other kind has its letter. */
function letterOf(kind: MarkName, text: string): string {
  return kind === 'line' ? (text.at(-1) ?? '') : MARK_KINDS[kind].letter;
}

function exitsOf(index: RunIndex, id: number, window: Window): ExitSpan[] {
  const { exits } = index.lane(id);
  return rowsAround(exits, window)
    .map((row) => ({
      from: exits.at(row, EXIT_SPAN.step),
      end: orEnd(exits.at(row, EXIT_SPAN.end), index.run),
      event: exits.at(row, EXIT_SPAN.event),
      text: index.markText(exits.at(row, EXIT_SPAN.event)),
    }))
    .filter(({ text }) => index.filter === '' || text.toLowerCase().includes(index.filter));
}

function locksOf(index: RunIndex, id: number, window: Window): LockSpan[] {
  const { locks } = index.lane(id);
  return rowsAround(locks, window)
    .map((row) => ({
      from: locks.at(row, LOCK.from),
      end: orEnd(locks.at(row, LOCK.end), index.run),
      lock: index.lockName(locks.at(row, LOCK.slot)),
      waits: locks.at(row, LOCK.waits) === 1,
    }))
    .filter(({ lock }) => index.filter === '' || lock.includes(index.filter));
}

function orEnd(end: number, { steps }: Run): number {
  return end < 0 ? steps : end;
}

/** Stretches of one actor that are open at once: calls of the kernel are not deeper. */
const OPEN_AT_ONCE = 32;

/** Rows of stretches, [from, end (-1: still)], that touch a window. */
function rowsAround(rows: GrowingRows, { first, end }: Window): number[] {
  const touching: number[] = [];
  for (let row = Math.max(0, rows.lowerBound(first) - OPEN_AT_ONCE); row < rows.size && rows.at(row, 0) < end; row++) {
    const over = rows.at(row, 1);
    if (over < 0 || over > first) touching.push(row);
  }
  return touching;
}

export function arrowsOf(index: RunIndex, { first, end }: Window, shown: ReadonlySet<number>): Arrow[] {
  const { arrows } = index;
  const all: Arrow[] = [];
  for (let row = arrows.lowerBound(first); row < arrows.size && arrows.at(row, ARROW.step) < end; row++) {
    const [from, to, event] = [arrows.at(row, ARROW.from), arrows.at(row, ARROW.to), arrows.at(row, ARROW.event)];
    if (!shown.has(from) || !shown.has(to)) continue;
    const kind = ARROW_KINDS[arrows.at(row, ARROW.kind)]!;
    all.push({ step: arrows.at(row, ARROW.step), event, from, to, kind, text: index.markText(event) });
  }
  return all;
}

export function countedLane(
  index: RunIndex,
  id: number,
  { first, end }: Window,
  cells: number,
): Pick<Lane, 'spans' | 'marks' | 'exits' | 'locks' | 'cells'> {
  const { marks, kinds, spans } = index.lane(id);
  const all: TimelineCell[] = [];
  let [mark, span] = [marks.lowerBound(first), spans.lowerBound(first)];
  for (let cell = 0; cell < Math.min(cells, end - first); cell++) {
    const [from, until] = cellBounds(first, end, Math.min(cells, end - first), cell);
    const [nextMark, nextSpan] = [marks.lowerBound(until), spans.lowerBound(until)];
    if (nextMark > mark || nextSpan > span)
      all.push({
        from,
        end: until,
        statements: nextSpan - span,
        marks: nextMark - mark,
        kinds: kindsIn(kinds.union(mark, nextMark)),
      });
    [mark, span] = [nextMark, nextSpan];
  }
  return { spans: [], marks: [], exits: [], locks: [], cells: all };
}

function kindsIn(mask: number): MarkName[] {
  return MARK_NAMES.filter((_, kind) => (mask & (1 << kind)) !== 0);
}
