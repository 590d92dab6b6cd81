// What is wrong is a warning or an error at its line while it is typed; the right scenarios beside have none.
import { expect, test } from 'vitest';
import { NEWEST } from '../../sim-core/src/kernel/profiles.ts';
import { kernelOf } from '../../sim-core/src/kernel/releases.ts';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import type { Diagnostic } from '../../sim-core/src/scenario/ast.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { elaborate } from '../../sim-core/src/scenario/elaborate.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { described } from '../diagnostics/marks.ts';
import { RIGHT_BASES } from './wrong-bases.ts';
import { WRONG_CALLS } from './wrong-calls.ts';
import { RIGHT_MIXED, WRONG_MIXED } from './wrong-mixed.ts';
import { RIGHT_OTHERS, WRONG_OTHERS } from './wrong-others.ts';
import { RIGHT, WRONG } from './wrong-scenarios.ts';
import { WRONG_TEXTS } from './wrong-texts.ts';

function serious(text: string): Diagnostic[] {
  const parsed = parse(text);
  const { diagnostics } = elaborate(parsed, { profile: kernelOf(parsed) ?? NEWEST });
  const found = [...checkText(parsed, { advice: true }), ...diagnostics, ...toEnd(predicting(parsed))];
  const all = [...parsed.diagnostics, ...found];
  return all.filter(({ severity }) => severity === 'warning' || severity === 'error');
}

test.each([...RIGHT, ...RIGHT_OTHERS, ...RIGHT_BASES, ...RIGHT_MIXED])(
  'nothing is held against a right one',
  (text) => {
    expect(serious(text).map(described)).toEqual([]);
  },
);

test.each([...WRONG, ...WRONG_OTHERS, ...WRONG_CALLS, ...WRONG_TEXTS, ...WRONG_MIXED])('$what', ({ text, line }) => {
  const lines = text.split('\n');
  expect(lines).toContain(line);
  const found = serious(text);
  expect(
    found.map((one) => lines[one.line]),
    found.map(described).join('\n'),
  ).toContain(line);
});
