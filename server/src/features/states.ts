/** What a hover tells about a line beside its words: what its call returns, and the state after it, on each kernel that was looked at. */
import {
  type KernelGroup,
  type KernelResult,
  kernelsText,
  resultsByLine,
  type StateValue,
  statesAfter,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { runnableOnce } from './elaboration.ts';

/** More kernels than these that do something else are not told apart: a hover is read at a glance. */
const MOST_KERNELS = 4;

/** By line, as Markdown. In slices. `groups`: what predictions were read from, the plain kernel first. */
export function* lineNotes(
  snapshot: Snapshot,
  groups: readonly KernelGroup[],
): Generator<unknown, ReadonlyMap<number, string>> {
  const { model, changed, missing } = yield* runnableOnce(snapshot);
  if (model === undefined || missing !== 'nothing') return new Map();
  const states = yield* statesAfter(model);
  const others: Elsewhere[] = [];
  for (const { profiles, observed } of groups) {
    if (profiles.includes(snapshot.profile) || others.length === MOST_KERNELS) continue;
    others.push({ kernels: kernelsText(profiles), states: yield* statesAfter(observed.model) });
  }
  const results = yield* resultsByLine(groups);
  const notes = new Map<number, string>();
  for (const line of new Set([...results.keys(), ...states.keys()])) {
    if (changed.has(line)) continue;
    const values = states.get(line);
    const state = values === undefined ? [] : [stateNote(values, snapshot.profile.name, line, others)];
    notes.set(line, [...resultNote(results.get(line) ?? []), ...state].join('\n\n'));
  }
  return notes;
}

interface Elsewhere {
  readonly kernels: string;
  readonly states: ReadonlyMap<number, readonly StateValue[]>;
}

/** Nothing for a call that succeeds alike everywhere: what it returns is at the end of its line. */
function resultNote(results: readonly KernelResult[]): string[] {
  const kernelsOf = new Map<string, string[]>();
  for (const { kernels, values } of results) {
    const outcome = values.map(({ text, reason }) => `\`${text}\`${reason === '' ? '' : `: ${reason}`}`).join(' or ');
    kernelsOf.set(outcome, [...(kernelsOf.get(outcome) ?? []), kernels]);
  }
  const succeeds = results.every(({ values }) => values.every(({ reason }) => reason === ''));
  if (kernelsOf.size < 2 && succeeds) return [];
  const rows = [...kernelsOf].map(([outcome, kernels]) => `- ${kernels.join(', ')}: ${outcome}`);
  return [['**Returns**', '', ...rows].join('\n')];
}

/** More would be a table, which the debugger has. */
const MOST_ROWS = 14;

function stateNote(values: readonly StateValue[], kernel: string, line: number, others: readonly Elsewhere[]): string {
  const elsewhere = (name: string, after: string): string =>
    others
      .flatMap(({ kernels, states }) => {
        const value = states.get(line)?.find((one) => one.name === name)?.after;
        return value === undefined || value === after ? [] : [`; **${value}** on ${kernels}`];
      })
      .join('');
  const rows = values.map(({ name, before, after }) => ({ name, before, after, more: elsewhere(name, after) }));
  const told = rows.filter(({ before, after, more }) => before !== after || more !== '' || !NOTHING.has(after));
  const weight = ({ before, after, more }: (typeof rows)[number]): number =>
    (before === after ? 1 : 0) + (more === '' ? 0 : -2);
  const lines = told
    .sort((left, right) => weight(left) - weight(right))
    .map(({ name, before, after, more }) =>
      before === after ? `- \`${name}\`: ${after}${more}` : `- \`${name}\`: ${before} → **${after}**${more}`,
    );
  const shown = lines.slice(0, MOST_ROWS);
  const left = lines.length > shown.length ? [`- and ${lines.length - shown.length} more`] : [];
  return [`**After this line**, in a plain run on ${kernel}:`, '', ...shown, ...left].join('\n');
}

/** What says that nothing is there. */
const NOTHING: ReadonlySet<string> = new Set(['unbound', 'none', 'I', '0', 'no']);
