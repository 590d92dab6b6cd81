/** The state after each line of a plain run, as Markdown for its hover. */
import { type StateValue, statesAfter } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { runnableOnce } from './elaboration.ts';

/** By line. In slices. */
export function* stateNotes(snapshot: Snapshot): Generator<unknown, ReadonlyMap<number, string>> {
  const { model, changed, missing } = yield* runnableOnce(snapshot);
  if (model === undefined || missing !== 'nothing') return new Map();
  const states = yield* statesAfter(model);
  const kernel = snapshot.profile.name;
  return new Map(
    [...states].flatMap(([line, values]) => (changed.has(line) ? [] : [[line, noteOf(values, kernel)] as const])),
  );
}

/** More would be a table, which the debugger has. */
const MOST_ROWS = 14;

function noteOf(values: readonly StateValue[], kernel: string): string {
  const changed = values.filter(({ before, after }) => before !== after);
  const rest = values.filter(({ before, after }) => before === after && !NOTHING.has(after));
  const rows = [
    ...changed.map(({ name, before, after }) => `- \`${name}\`: ${before} → **${after}**`),
    ...rest.map(({ name, after }) => `- \`${name}\`: ${after}`),
  ];
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length > shown.length ? [`- and ${rows.length - shown.length} more`] : [];
  return [`**After this line**, in a plain run on ${kernel}:`, '', ...shown, ...more].join('\n');
}

/** What says that nothing is there. */
const NOTHING: ReadonlySet<string> = new Set(['unbound', 'none', 'I', '0', 'no']);
