// What is remembered from one version of a long file to the next changes nothing of what is said about it.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkText, type ParsedScenario, parse, symbolsOf, VOCABULARY } from '../../sim-core/src/index.ts';

const lesson = readFileSync(
  new URL('../../scenarios/wbinvd/local-cpu-not-flushed.snoop', import.meta.url),
  'utf8',
).split('\n');
const setup = lesson.slice(lesson.indexOf('setup {') + 1, lesson.indexOf('}', lesson.indexOf('setup {')) + 1);
const long = [...lesson];
for (let copy = 0; long.length < 700; copy++)
  long.push(`// Number ${copy}.`, `proc copy${copy}(group${copy % 5}) {`, ...setup);

const edit = fc.record({
  at: fc.nat(),
  remove: fc.nat(3),
  insert: fc.array(
    fc.constantFrom(
      '',
      '  close(container)',
      '  call copy3(vm)',
      '  call copy4(x)',
      'proc late(x) {',
      '  other = open("/dev/kvm", O_RDWR)',
      'vcpu 1 {',
      '  mov [x], eax',
      '}',
      '{',
      'memory x = 1',
      '// a comment',
      'nonsense',
      ...setup.slice(0, 3),
    ),
    { maxLength: 90 },
  ),
});

function symbols(scenario: ParsedScenario) {
  const all = symbolsOf(scenario, VOCABULARY).all.values();
  return Object.fromEntries(
    [...all].map(({ id, definitions, references, definitionCount, referenceCount }) => {
      expect([definitionCount, referenceCount]).toEqual([definitions.length, references.length]);
      return [id, { definitions, references }];
    }),
  );
}

test('after any edits of a long file, its names and diagnostics are those of a file that is read from scratch', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
      let lines = long;
      let scenario = parse(long.join('\n'));
      checkText(scenario);
      for (const { at, remove, insert } of edits) {
        const from = at % lines.length;
        lines = lines.toSpliced(from, remove, ...insert);
        scenario = parse(lines.join('\n'), scenario);
        const fresh = parse(lines.join('\n'));
        expect(checkText(scenario)).toEqual(checkText(fresh));
        expect(symbols(scenario)).toEqual(symbols(fresh));
      }
    }),
    { numRuns: 5 },
  );
});

test('a word has the same symbol by its place as by its name', () => {
  const scenario = parse(long.join('\n'));
  const table = symbolsOf(scenario, VOCABULARY);
  let places = 0;
  for (const symbol of table.all.values()) {
    for (const { line, span } of [...symbol.definitions, ...symbol.references]) {
      expect(table.at(line, span.start + 1)).toBe(symbol);
      places++;
    }
  }
  expect(places).toBeGreaterThan(1000);
});
