/** The rows of a timeline below its lanes: what is where in memory. */
import { type Timeline, viewText } from '@snoopscope/sim-core';
import { CHARACTER, fitted, group, layer, rect, type Shape, text } from './shape.ts';
import { edges, type Frame, GUTTER, shifted } from './timeline-frame.ts';

/** Pixels between groups of rows. */
export const PADDING = 5;
const VALUE_ROW = 17;

/** Height of all rows. */
export function valuesHeight({ rows }: Timeline): number {
  return rows.length * VALUE_ROW + groupsOf(rows) * PADDING;
}

function groupsOf(rows: Timeline['rows']): number {
  return new Set(rows.map(({ of }) => of)).size;
}

export function values(frame: Frame, top: number): Shape[] {
  let y = top;
  let before = '';
  return frame.timeline.rows.flatMap(({ of, name, segments }) => {
    if (of !== before) y += PADDING;
    const heading = of === before ? [] : fitted(8, y + 12, 44, of, 'strong');
    before = of;
    const row = y;
    y += VALUE_ROW;
    return [
      layer([...heading, ...fitted(54, row + 12, GUTTER - 58, name, 'dim')]),
      shifted(
        frame,
        segments.map((segment) => {
          const [left, right] = edges(frame, segment.from, segment.end);
          const what = [segment.letter, segment.text].filter(Boolean).join(' ');
          const short = segment.changes ? `${segment.changes}×` : `${what}${segment.stale ? ' (stale)' : ''}`;
          const look = `value${segment.stale ? ' stale' : ''}${segment.letter && 'MESN'.includes(segment.letter) ? ' held' : ''}`;
          return group(
            [rect(left, row + 1, right - left, VALUE_ROW - 3, look), ...valueText(left, right, row + 12, short, what)],
            segment.event === undefined ? {} : { class: 'choice' },
            {
              key: segment.from,
              label: `${of}, ${name}, steps ${segment.from} to ${segment.end - 1}: ${viewText(segment)}`,
              ...(segment.event !== undefined && { intent: { kind: 'goToEvent', event: segment.event } as const }),
            },
          );
        }),
      ),
    ];
  });
}

/** As much of a value as fits: all of it, without its remark, or nothing. */
function valueText(left: number, right: number, y: number, long: string, short: string): Shape[] {
  const room = right - left - 6;
  const content = long.length * CHARACTER <= room ? long : short.length * CHARACTER <= room ? short : '';
  return content === '' ? [] : [text(left + 3, y, content, '')];
}
