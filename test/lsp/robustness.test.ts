// Any text, any place: every feature answers. What a text does to the elaborator counts too, since each edit asks it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { foldingRanges, format, outline, parse } from '@snoopscope/sim-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offersAt } from '../../server/src/features/completion.ts';
import { definitionAt } from '../../server/src/features/definition.ts';
import { checkingSnapshot, hasErrors } from '../../server/src/features/diagnostics.ts';
import { elaboratingOnce } from '../../server/src/features/elaboration.ts';
import { hoverAt } from '../../server/src/features/hover.ts';
import { lensesOf } from '../../server/src/features/lenses.ts';
import { referencesAt, usesAt } from '../../server/src/features/references.ts';
import { RenameRefused, renamed } from '../../server/src/features/rename.ts';
import { resultHints } from '../../server/src/features/results.ts';
import { stretchesAt } from '../../server/src/features/selection.ts';
import { signatureAt } from '../../server/src/features/signature.ts';
import { colouredWords } from '../../server/src/features/tokens.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { snapshotOf } from './marked.ts';

const scenario = readFileSync(path.join(import.meta.dirname, 'transcript.snoop'), 'utf8');
const words = [...new Set(scenario.split(/\s+/))];

/** A piece cut out, doubled, or replaced by another word or by anything. */
const edit = fc.record({
  at: fc.nat(scenario.length),
  cut: fc.nat(30),
  text: fc.oneof(
    fc.constantFrom(...words, '{', '}', '"', '\n', '=', '(', '['),
    fc.string({ maxLength: 6 }),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
  ),
});
const text = fc
  .array(edit, { maxLength: 6 })
  .map((edits) =>
    edits.reduce((now, { at, cut, text: put }) => now.slice(0, at) + put + now.slice(at + cut), scenario),
  );

test('every feature answers at every place of a damaged scenario', () => {
  fc.assert(
    fc.property(
      text,
      fc.nat(),
      fc.nat(),
      fc.constantFrom('v3.12', 'v5.11', 'v6.6', 'series-v1'),
      (damaged, line, column, kernel) => {
        const snapshot = snapshotOf(damaged, { kernel });
        const { lines } = snapshot.scenario;
        const at = { line: line % (lines.length + 1), column: column % 60 };
        hoverAt(snapshot, at);
        definitionAt(snapshot, at);
        referencesAt(snapshot, at, true);
        usesAt(snapshot, at);
        signatureAt(snapshot, at);
        stretchesAt(snapshot, at);
        lensesOf(snapshot, true);
        outline(snapshot.scenario);
        foldingRanges(snapshot.scenario);
        format(snapshot.scenario);
        const { replace } = offersAt(snapshot, {
          line: at.line,
          column: Math.min(at.column, lines[at.line]?.text.length ?? 0),
        });
        expect(replace.start).toBeLessThanOrEqual(replace.end);
        for (const { line: on, span } of colouredWords(snapshot))
          expect(span.end).toBeLessThanOrEqual(lines[on]!.text.length);
        try {
          renamed(snapshot, at, 'other');
        } catch (error) {
          expect(error).toBeInstanceOf(RenameRefused);
        }
        if (hasErrors(toEnd(checkingSnapshot(snapshot))) || hasErrors(toEnd(elaboratingOnce(snapshot)).diagnostics))
          return;
        const work = resultHints(snapshot);
        while (work.next().done !== true) {
          // To its end: a run that never ends has a limit of steps.
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a rename changes nothing but the name: undone, it gives the text back', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (line, column) => {
      const lines = scenario.split('\n');
      const at = { line: line % lines.length, column: column % (lines[line % lines.length]!.length + 1) };
      const there = attempt(scenario, at, 'brand_new');
      if (there === undefined) return;
      expect(toEnd(checkingSnapshot(snapshotOf(there))).filter(({ severity }) => severity === 'error')).toEqual([]);
      const [place] = renamed(snapshotOf(scenario), at, 'brand_new');
      const old = lines[place!.line]!.slice(place!.start, place!.end);
      expect(attempt(there, { line: place!.line, column: place!.start }, old)).toBe(scenario);
    }),
    { numRuns: 200 },
  );
});

/** The text with a name changed, or undefined where there is none to change. */
function attempt(before: string, at: { line: number; column: number }, name: string): string | undefined {
  let places: readonly { line: number; start: number; end: number }[];
  try {
    places = renamed(snapshotOf(before), at, name);
  } catch (error) {
    expect(error).toBeInstanceOf(RenameRefused);
    return undefined;
  }
  if (places.length === 0) return undefined;
  const lines = before.split('\n');
  for (const { line, start, end } of places.toSorted((left, right) => right.start - left.start))
    lines[line] = lines[line]!.slice(0, start) + name + lines[line]!.slice(end);
  const after = lines.join('\n');
  expect(parse(after).diagnostics).toEqual([]);
  return after;
}
