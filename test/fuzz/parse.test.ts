// Texts that nobody should open as a scenario: each must give a value in reasonable time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LIMITS } from '../../sim-core/src/limits.ts';
import { print } from '../../sim-core/src/scenario/format.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';

test('any string of UTF-16 code units parses', () => {
  const units = fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 })
    .map((list) => String.fromCharCode(...list));
  const bytes = fc.uint8Array({ maxLength: 300 }).map((list) => String.fromCharCode(...list));
  fc.assert(
    fc.property(fc.oneof(units, bytes, fc.string({ unit: 'binary', maxLength: 300 })), (text) => {
      const parsed = parse(text);
      expect(parsed.lines.map((line) => line.text)).toEqual(text.split(/\r\n|\r|\n/));
      expect(typeof print(parsed)).toBe('string');
    }),
    { numRuns: 2000 },
  );
});

test('any arrangement of the words of the language parses', () => {
  const pieces = fc.constantFrom(
    ...'machine setup thread vcpu device host proc choose loop repeat or wait call exists ~exists forall schedule memory allow mov ioctl x = ( ) [ ] { } , . .. | & && || ! == -1 0x10 "s" "open // \n'.split(
      ' ',
    ),
    '\n',
    '\n\n',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 80 }), (list) => {
      const text = list.join(' ');
      expect(parse(text).lines.length).toBe(text.split('\n').length);
    }),
    { numRuns: 2000 },
  );
});

const hostile: Readonly<Record<string, string>> = {
  empty: '',
  'one line ending': '\n',
  'NUL bytes': '\0'.repeat(5000),
  'a lone surrogate': 'mov \ud800',
  'only openers': 'vcpu 0 {\n'.repeat(50_000),
  'only closers': '}\n'.repeat(50_000),
  'closers and blanks': `${'vcpu 0 {\n'.repeat(10_000)}${'}\n\n\n\n'.repeat(10_000)}x`,
  'nested loops': `host {\n${'loop {\n'.repeat(50_000)}`,
  'nested brackets': `setup {\nclose(${'['.repeat(10_000)}\n}`,
  'nested conditions': `exists ${'('.repeat(10_000)}`,
  'negated conditions': `exists ${'!'.repeat(10_000)}x`,
  'an unclosed string': `scenario "${'a'.repeat(15_000)}`,
  'quotes and slashes': 'doc '.concat('"//'.repeat(5000)),
  backslashes: `doc "${'\\'.repeat(15_000)}`,
  'angle brackets': `setup {\nclose(1${'<->'.repeat(5000)}\n}`,
};

for (const [name, text] of Object.entries(hostile)) {
  test(`${name} parses in no time`, () => {
    const before = process.cpuUsage();
    const parsed = parse(text);
    print(parsed);
    expect(parsed.diagnostics.length).toBeLessThanOrEqual(LIMITS.diagnostics + 1);
    const { user, system } = process.cpuUsage(before);
    // It takes a fraction of a second; work that grows with the square of the text takes minutes.
    expect((user + system) / 1000, 'milliseconds of CPU time').toBeLessThan(5000);
  });
}

test('each limit gives one diagnostic that names it', () => {
  const said = (text: string) => parse(text).diagnostics.map(({ code, message }) => ({ code, message }));
  const naming = (code: string, limit: number) => ({
    code,
    message: expect.stringMatching(new RegExp(`\\b${limit}\\b`)),
  });
  const { scenarioCharacters, scenarioLines, lineCharacters, blockNesting, valueNesting, diagnostics } = LIMITS;
  expect(said('x'.repeat(10 * 1024 * 1024))).toEqual([naming('file-too-large', scenarioCharacters)]);
  expect(said(`// ${'x'.repeat(lineCharacters)}`)).toEqual([naming('line-too-long', lineCharacters)]);
  expect(said('\n'.repeat(scenarioLines))).toEqual([naming('too-many-lines', scenarioLines)]);
  const value = `setup {\n  close(${'['.repeat(100)}1${']'.repeat(100)})\n}`;
  expect(said(value)).toEqual([naming('nested-too-deep', valueNesting)]);
  const blocks = `host {\n${'loop {\n'.repeat(60)}${'}\n'.repeat(60)}}`;
  expect(said(blocks)).toEqual([naming('nested-too-deep', blockNesting)]);
  const many = said('§\n'.repeat(5000));
  expect(many.at(-1)).toEqual(naming('too-many-diagnostics', diagnostics));
  expect(many.length).toBe(diagnostics + 1);
});
