import { type BlockItem, blockOfLines, rolesOf, type Span, type TextPosition, VOCABULARY } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

/** A stretch of text, of whole lines when it has several. */
export interface Stretch {
  readonly line: number;
  readonly start: number;
  readonly endLine: number;
  readonly end: number;
}

/** What expanding a selection takes in, from the word at the place to the whole file. */
export function stretchesAt(snapshot: Snapshot, at: TextPosition): readonly Stretch[] {
  const { lines } = snapshot.scenario;
  const line = lines[at.line];
  if (line === undefined) return [];
  const inLine: Span[] = [
    ...rolesOf(line, VOCABULARY).map(({ span }) => span),
    ...bracketsOf(line.text),
    {
      start: line.text.length - line.text.trimStart().length,
      end: line.text.slice(0, line.comment?.start ?? line.text.length).trimEnd().length,
    },
    { start: 0, end: line.text.length },
  ];
  const stretches: Stretch[] = inLine.map((span) => ({ line: at.line, endLine: at.line, ...span }));
  const block = blockOfLines(snapshot.scenario)[at.line];
  const whole = (from: number, to: number): Stretch => ({
    line: from,
    start: 0,
    endLine: to,
    end: lines[to]?.text.length ?? 0,
  });
  if (block !== undefined)
    stretches.push(
      ...controlBlocks(block.items).map(([from, to]) => whole(from, to)),
      whole(block.line, block.endLine),
    );
  stretches.push(whole(0, lines.length - 1));
  return nested(stretches, at);
}

/** Only what holds the place and everything before it: each strictly larger than the last. */
function nested(stretches: readonly Stretch[], at: TextPosition): Stretch[] {
  const around = stretches
    .filter(
      (one) =>
        one.line <= at.line &&
        at.line <= one.endLine &&
        (one.line < at.line || one.start <= at.column) &&
        (one.endLine > at.line || at.column <= one.end),
    )
    .sort(
      (left, right) =>
        left.endLine - left.line - (right.endLine - right.line) || left.end - left.start - (right.end - right.start),
    );
  const kept: Stretch[] = [];
  for (const one of around) {
    const last = kept.at(-1);
    if (last === undefined || (holds(one, last) && !holds(last, one))) kept.push(one);
  }
  return kept;
}

function holds(outer: Stretch, inner: Stretch): boolean {
  const startsBefore = outer.line < inner.line || (outer.line === inner.line && outer.start <= inner.start);
  const endsAfter = outer.endLine > inner.endLine || (outer.endLine === inner.endLine && outer.end >= inner.end);
  return startsBefore && endsAfter;
}

/** The insides of `(…)`, `[…]` and `{…}`, and with their brackets. */
function bracketsOf(text: string): Span[] {
  const spans: Span[] = [];
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]!;
    if ('([{'.includes(mark)) open.push(at);
    else if (')]}'.includes(mark)) {
      const start = open.pop();
      if (start !== undefined) spans.push({ start: start + 1, end: at }, { start, end: at + 1 });
    }
  }
  return spans;
}

function controlBlocks(items: readonly BlockItem[]): (readonly [number, number])[] {
  return items.flatMap((item): (readonly [number, number])[] => {
    if (item.kind === 'line') return [];
    const inner = item.kind === 'choose' ? item.alternatives.flatMap(controlBlocks) : controlBlocks(item.body);
    return [[item.line, item.endLine], ...inner];
  });
}
