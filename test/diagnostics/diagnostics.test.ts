// Every diagnostic code has a scenario here that shows it. Carets below a line mark the place:
//
//   mov [x] 1
//        //^ error expected: between the operands
//
// Where there is no room for the slashes, the column of the first caret is written before it: `//0: ^^^^ error …`.
// Each diagnostic of the file is marked, and each mark is a diagnostic: severity, code, and a part of the message.
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { profileNamed } from '../../sim-core/src/kernel/profiles.ts';
import type { Diagnostic } from '../../sim-core/src/scenario/ast.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { CHECKS } from '../../sim-core/src/scenario/checks/table.ts';
import { elaborate } from '../../sim-core/src/scenario/elaborate.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { described, marksOf, takeMarked } from './marks.ts';

const directory = new URL('.', import.meta.url);
const cases = globSync('*.snoop', { cwd: directory }).filter((path) => !path.startsWith('include-'));

function read(path: string): string {
  return readFileSync(new URL(path, directory), 'utf8');
}

function includes(path: string) {
  try {
    return parse(read(path));
  } catch {
    return undefined;
  }
}

function diagnose(text: string): Diagnostic[] {
  const parsed = parse(text);
  return [...parsed.diagnostics, ...checkText(parsed, { includes, advice: true })];
}

for (const path of cases) {
  test(`${path} has the diagnostics that it marks`, () => {
    const text = read(path);
    expect(text.split('\n')[0], 'the first comment says why the case exists').toMatch(/^\/\/ \w/);
    const marks = marksOf(text);
    expect(marks.map((mark) => mark.code)).toContain(path.replace('.snoop', ''));
    const left = diagnose(text);
    for (const mark of marks) {
      const found = takeMarked(left, mark);
      expect(found, `${JSON.stringify(mark)}\nfound:\n${left.map(described).join('\n')}`).toBe(true);
    }
    expect(left.map(described)).toEqual([]);
  });
}

/** Codes that only show once calls are expanded. */
const ofTheElaborator: ReadonlySet<string> = new Set(['call-too-deep', 'too-many-statements', 'model-limit']);

function elaborated(text: string): readonly Diagnostic[] {
  return elaborate(parse(text), { profile: profileNamed('v6.12')! }).diagnostics;
}

/** Codes whose case would be as long as the limit: their example is made by the check. */
const tooLongForAFile: ReadonlySet<string> = new Set([
  'file-too-large',
  'too-many-lines',
  'line-too-long',
  'too-many-diagnostics',
  ...ofTheElaborator,
]);

for (const { code, severity, doc, sources, examples } of CHECKS) {
  test(`${code} is documented, shown and put right`, () => {
    expect(doc.length).toBeGreaterThan(20);
    expect(sources.length).toBeGreaterThan(0);
    const found = [...diagnose(examples.bad), ...(ofTheElaborator.has(code) ? elaborated(examples.bad) : [])].filter(
      (diagnostic) => diagnostic.code === code,
    );
    expect(found.map((diagnostic) => diagnostic.severity)).toContain(severity);
    expect(
      diagnose(examples.good)
        .filter((diagnostic) => diagnostic.severity === 'error' || diagnostic.code === code)
        .map(described),
    ).toEqual([]);
    if (ofTheElaborator.has(code)) expect(elaborated(examples.good)).toEqual([]);
    if (!tooLongForAFile.has(code)) expect(cases).toContain(`${code}.snoop`);
  });
}

test('every code that the parser reports is in the table', () => {
  const codes = new Set(CHECKS.map((one) => one.code));
  for (const path of cases) for (const diagnostic of diagnose(read(path))) expect(codes).toContain(diagnostic.code);
});

describe('the elaborator says what a check says in the same words', () => {
  const beside = 'machine {\n  memory x = 0\n  device gpu 0000:01:00.0\n}\nvcpu 0 {\n  hlt\n}\n';
  test.each([
    `${beside}setup {\n  nosuch()\n}\n`,
    `${beside}setup {\n  ioctl(3, KVM_NO_SUCH, 0)\n}\n`,
    `${beside}setup {\n  close(nosuch)\n}\n`,
    `${beside}setup {\n  call nosuch()\n}\n`,
    `${beside}setup {\n  loop {\n  }\n}\n`,
    `${beside}setup {\n  ioctl(3, IOMMU_IOAS_ALLOC, {out_ioas_id=>NULL})\n}\n`,
    `${beside}vcpu 1 {\n  mov eax, [y]\n}\n`,
    `${beside}vcpu 1 {\n  close(3)\n}\n`,
    `${beside}vcpu 1 {\n  MRd x\n}\n`,
    `${beside}vcpu 1 {\n  frobnicate\n}\n`,
    `${beside}vcpu 1 cpu=3 {\n  hlt\n}\n`,
    `${beside}device disk {\n  r0 = MRd x\n}\n`,
    `${beside}exists nosuch\n`,
    `${beside}exists vcpu7.eax == 0\n`,
    `${beside}exists cahe(cpu0, x) == M\n`,
    `${beside}exists cache(cpu0) == M\n`,
    `${beside}exists cache(cpu7, x) == M\n`,
    `${beside}exists cache(cpu0, y) == M\n`,
    `${beside}exists exits(vcpu0, NOSUCH) == 1\n`,
    `${beside}exists memtype(vcpu9, x) == WB\n`,
    `${beside}exists [y] == 1\n`,
    `${beside}schedule nosuch\n`,
    `${beside}schedule vcpu0*0\n`,
  ])('%j', (text) => {
    const checked = diagnose(text).filter(({ severity }) => severity === 'error');
    const [found] = elaborated(text);
    expect(checked.map(({ code, message }) => ({ code, message }))).toContainEqual({
      code: found?.code,
      message: found?.message,
    });
  });
});

test('fixes lead to a text that no longer has the diagnostic', () => {
  for (const path of cases) {
    const text = read(path);
    for (const diagnostic of diagnose(text)) {
      for (const fix of diagnostic.fixes ?? []) {
        const lines = text.split('\n');
        for (const { line, span, newText } of fix.edits)
          lines[line] = lines[line]!.slice(0, span.start) + newText + lines[line]!.slice(span.end);
        const after = diagnose(lines.join('\n')).filter(
          (other) =>
            other.code === diagnostic.code &&
            other.message === diagnostic.message &&
            other.span.start === diagnostic.span.start &&
            other.line === diagnostic.line,
        );
        expect(after.map(described), `${path}: ${fix.title}`).toEqual([]);
      }
    }
  }
});
