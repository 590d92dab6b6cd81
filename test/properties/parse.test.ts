// What holds of the scenario language for every text and every tree.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Diagnostic, ParsedScenario } from '../../sim-core/src/scenario/ast.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { format, print } from '../../sim-core/src/scenario/format.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { gallery } from './gallery.ts';
import { scenarioArbitrary, withoutSpans } from './scenario-arbitrary.ts';

const fragments = fc.constantFrom(
  '{',
  '}',
  '} or {',
  'choose {',
  'vcpu 0 {',
  'mov [x], 1',
  'exists stale-read',
  '"',
  '//',
  '\n',
  '\r\n',
  '\r',
  '  ',
  'ioctl(',
  ')',
  '=',
  '=>',
  '\u0000',
  '\ud800',
  '0x',
  'machine {',
  '..',
);
const edit = fc.record({
  at: fc.nat(),
  remove: fc.nat(40),
  insert: fc.oneof(
    fc.string({ maxLength: 8 }),
    fragments,
    fc.array(fragments, { maxLength: 4 }).map((parts) => parts.join(' ')),
  ),
});
const mutated = fc
  .tuple(fc.constantFrom(...gallery), fc.array(edit, { maxLength: 6 }))
  .map(([text, edits]) => edits.reduce(applyEdit, text));

function applyEdit(text: string, { at, remove, insert }: { at: number; remove: number; insert: string }): string {
  const start = at % (text.length + 1);
  return text.slice(0, start) + insert + text.slice(start + remove);
}

function contents(scenario: ParsedScenario): unknown {
  return withoutSpans(scenario.lines.map((line) => [line.block, line.content]));
}

function expectInLines(scenario: ParsedScenario, diagnostics: readonly Diagnostic[]): void {
  for (const { line, span, message } of diagnostics) {
    const length = scenario.lines[line]?.text.length ?? 0;
    expect(span.start, message).toBeGreaterThanOrEqual(0);
    expect(span.end, message).toBeGreaterThanOrEqual(span.start);
    expect(span.end, message).toBeLessThanOrEqual(length);
  }
}

test('parse(print(tree)) says the same as the tree', () => {
  fc.assert(
    fc.property(scenarioArbitrary, (scenario) => {
      const parsed = parse(print(scenario));
      expect(parsed.diagnostics).toEqual([]);
      expect(contents(parsed)).toEqual(contents(scenario));
    }),
    { numRuns: 500 },
  );
});

test('the formatter is idempotent and keeps the meaning, and its edits give what it prints', () => {
  fc.assert(
    fc.property(mutated, (text) => {
      const parsed = parse(text);
      const printed = print(parsed);
      const again = parse(printed);
      expect(print(again)).toBe(printed);
      // Printed text has one kind of line ending; broken lines keep theirs word for word.
      expect(contents(again)).toEqual(contents(parsed));
      const lines = parsed.lines.map((line) => line.text);
      for (const { line, span, newText } of format(parsed))
        lines[line] = lines[line]!.slice(0, span.start) + newText + lines[line]!.slice(span.end);
      expect(lines.join('\n')).toBe(printed);
    }),
    { numRuns: 500 },
  );
});

test('a parse that reuses an earlier one gives what a fresh parse gives', () => {
  fc.assert(
    fc.property(fc.constantFrom(...gallery), fc.array(edit, { minLength: 1, maxLength: 8 }), (start, edits) => {
      let text = start;
      let previous = parse(text);
      for (const step of edits) {
        text = applyEdit(text, step);
        previous = parse(text, previous);
        expect(previous).toEqual(parse(text));
      }
    }),
    { numRuns: 200 },
  );
});

test('an edit of one line keeps the identity of all others', () => {
  const text = gallery[0]!;
  const before = parse(text);
  const after = parse(text.replace('mov [x], 1', 'mov [x], 2'), before);
  const changed = after.lines.filter((line, index) => line !== before.lines[index]);
  expect(changed.map((line) => line.text.trim())).toEqual(['mov [x], 2']);
});

test('every diagnostic is within its line, and a line has at most one of its own', () => {
  fc.assert(
    fc.property(mutated, (text) => {
      const parsed = parse(text);
      expectInLines(parsed, parsed.diagnostics);
      for (const line of parsed.lines) {
        expect(line.problems.length).toBeLessThanOrEqual(1);
        expect(line.problems.length === 1).toBe(line.content.kind === 'broken');
      }
    }),
    { numRuns: 500 },
  );
});

test('checks of any text give diagnostics inside their lines, the same with and without an earlier parse', () => {
  fc.assert(
    fc.property(fc.constantFrom(...gallery), fc.array(edit, { minLength: 1, maxLength: 4 }), (start, edits) => {
      let text = start;
      let previous = parse(text);
      for (const step of edits) {
        text = applyEdit(text, step);
        previous = parse(text, previous);
        const found = checkText(previous);
        expectInLines(previous, found);
        expect(found).toEqual(checkText(parse(text)));
      }
    }),
    { numRuns: 150 },
  );
});

test('checks find nothing new in a formatted text', () => {
  fc.assert(
    fc.property(mutated, (text) => {
      const parsed = parse(text);
      const codes = (scenario: ParsedScenario) => checkText(scenario).map(({ code, line }) => `${line} ${code}`);
      expect(codes(parse(print(parsed)))).toEqual(codes(parsed));
    }),
    { numRuns: 150 },
  );
});

test('the scenarios that mutations start from are without diagnostics', () => {
  for (const text of gallery) expect(parse(text).diagnostics).toEqual([]);
});

test('breaking one line gives exactly one diagnostic', () => {
  const lines = gallery[0]!.split('\n');
  // Characters that no notation uses, put where they break the line whatever it says.
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.trim().startsWith('//')) continue;
    const code = line.split('//')[0]!.trimEnd();
    const broken = code.endsWith('{') ? `${code.slice(0, -1)}§ {` : `${code} §`;
    const text = [...lines.slice(0, index), broken, ...lines.slice(index + 1)].join('\n');
    const { diagnostics } = parse(text);
    expect(
      diagnostics.map((diagnostic) => diagnostic.line),
      `${index}: ${broken}`,
    ).toEqual([index]);
  }
});

test('a missing line is at most one diagnostic', () => {
  const lines = gallery[0]!.split('\n');
  for (const index of lines.keys()) {
    const { diagnostics } = parse([...lines.slice(0, index), ...lines.slice(index + 1)].join('\n'));
    expect(
      diagnostics.map(({ line, message }) => `${line}: ${message}`).slice(1),
      `without line ${index}: ${lines[index]}`,
    ).toEqual([]);
  }
});

test('a missing or a doubled brace is one diagnostic', () => {
  const lines = gallery[0]!.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() !== '}') continue;
    const without = [...lines.slice(0, index), ...lines.slice(index + 1)].join('\n');
    expect(
      parse(without).diagnostics.map((diagnostic) => diagnostic.code),
      `without line ${index}`,
    ).toEqual(['missing-brace']);
    const doubled = [...lines.slice(0, index), line, ...lines.slice(index)].join('\n');
    expect(
      parse(doubled).diagnostics.map((diagnostic) => diagnostic.code),
      `line ${index} twice`,
    ).toEqual(['stray-brace']);
  }
});
