// What kernels will say to a scenario, said before it runs. Marks are those of test/diagnostics.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import { PREDICTIONS } from '../../sim-core/src/predict/table.ts';
import type { Diagnostic, ParsedScenario } from '../../sim-core/src/scenario/ast.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { CHECKS } from '../../sim-core/src/scenario/checks/table.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { described, marksOf, takeMarked } from '../diagnostics/marks.ts';

const directory = import.meta.dirname;
const cases = globSync('*.snoop', { cwd: directory }).filter((file) => !file.startsWith('include-'));

function read(file: string): string {
  return readFileSync(path.join(directory, file), 'utf8');
}

function reader(from: string): (relative: string) => ParsedScenario | undefined {
  return (relative) => {
    try {
      return parse(readFileSync(path.join(from, relative), 'utf8'));
    } catch {
      return undefined;
    }
  };
}

function predicted(text: string, from = directory): readonly Diagnostic[] {
  return toEnd(predicting(parse(text), { includes: reader(from) }));
}

test.each(cases)('%s has the predictions that it marks', (file) => {
  const text = read(file);
  expect(text.split('\n')[0], 'the first comment says why the case exists').toMatch(/^\/\/ \w/);
  const marks = marksOf(text);
  expect(marks.some(({ code }) => file.startsWith(code))).toBe(true);
  const left = [...predicted(text)];
  for (const mark of marks) {
    const found = takeMarked(left, mark);
    expect(found, `${JSON.stringify(mark)}\nfound:\n${left.map(described).join('\n')}`).toBe(true);
  }
  expect(left.map(described)).toEqual([]);
});

test.each(PREDICTIONS)('$code is documented, shown and put right', ({ code, severity, doc, sources, examples }) => {
  expect(doc.length).toBeGreaterThan(20);
  expect(sources.length).toBeGreaterThan(0);
  for (const text of Object.values(examples))
    expect(checkText(parse(text)).filter((one) => one.severity === 'error')).toEqual([]);
  const severities = predicted(examples.bad)
    .filter((one) => one.code === code)
    .map((one) => one.severity);
  expect(severities).toContain(severity);
  expect(
    predicted(examples.good)
      .filter((one) => one.code === code || one.severity === 'error')
      .map(described),
  ).toEqual([]);
  expect(cases.some((file) => file.startsWith(code))).toBe(true);
});

test('a code has one record, of a check or of a prediction', () => {
  const codes = [...CHECKS, ...PREDICTIONS].map(({ code }) => code);
  expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
});

test('a fix makes its prediction go away', () => {
  for (const file of cases) {
    const text = read(file);
    for (const { fixes, code, message } of predicted(text)) {
      for (const fix of fixes ?? []) {
        const lines = text.split('\n');
        for (const { line, span, newText } of fix.edits)
          lines[line] = lines[line]!.slice(0, span.start) + newText + lines[line]!.slice(span.end);
        expect(parse(lines.join('\n')).diagnostics, `${file}: ${fix.title}`).toEqual([]);
        const after = predicted(lines.join('\n')).filter((one) => one.code === code && one.message === message);
        expect(after.map(described), `${file}: ${fix.title}`).toEqual([]);
      }
    }
  }
});

test('a failure names the line that is its cause', () => {
  const found = predicted(read('declared-result.snoop'));
  const causes = found.map(({ related }) => (related ?? []).map(({ message }) => message));
  expect(causes).toContainEqual(['This is the call that is in its way.']);
  expect(causes).toContainEqual(['`grp` is closed here.']);
});

const gallery = path.resolve(directory, '../../scenarios');

test.each(globSync('**/*.snoop', { cwd: gallery }).sort())('nothing is held against %s', (file) => {
  const from = path.dirname(path.join(gallery, file));
  const found = predicted(readFileSync(path.join(gallery, file), 'utf8'), from);
  expect(found.filter(({ severity }) => severity === 'error' || severity === 'warning').map(described)).toEqual([]);
});

test('no kernel is held to an errno that does not exist', () => {
  const text = 'machine {\n  cpu intel\n}\nsetup {\n  close(9) = -EBADFF\n}\n';
  expect(predicted(text).map(described)).toEqual([]);
});

test('a line of a procedure that is called thousands of times is explained for a few of its calls', () => {
  const calls = (name: string): string => `  call ${name}()\n`.repeat(10);
  const text = `proc a() {\n  close(9)\n}\nproc b() {\n${calls('a')}}\nproc c() {\n${calls('b')}}\nproc d() {\n${calls('c')}}\nsetup {\n${calls('d')}}\n`;
  const [found, ...others] = predicted(text).filter(({ line }) => line === 1);
  expect(found?.message).toContain('-EBADF');
  expect(others.length).toBeLessThan(8);
});

test.each([
  ['a loop whose only statement cannot be read', 'loop {\n    repeat 3 {\n      close(\n    }\n  }'],
  ['counters around nothing', 'repeat 99 {\n    repeat 99 {\n      repeat 99 {\n      }\n    }\n  }\n  close(3)'],
])('%s is executed to its end', (_, body) => {
  const text = `machine {\n  cpu intel\n}\nsetup {\n  close(9) = 0\n}\nthread t {\n  ${body}\n}\n`;
  const codes = predicted(text).map(({ code }) => code);
  expect(codes.filter((code) => code !== 'failing-call')).toEqual(body.startsWith('loop') ? [] : ['declared-result']);
});
