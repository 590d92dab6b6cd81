// The TextMate grammar is generated from the tables: the committed file must be what they give now.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type GrammarRule, textMateGrammar } from '../../sim-core/src/scenario/grammar.ts';
import { VOCABULARY } from '../../sim-core/src/scenario/vocabulary.ts';

const grammar = textMateGrammar(VOCABULARY);

test('syntaxes/snoop.tmLanguage.json is what `node scripts/generate-grammar.mjs` writes', () => {
  const committed = readFileSync(new URL('../../syntaxes/snoop.tmLanguage.json', import.meta.url), 'utf8');
  expect(committed).toBe(`${JSON.stringify(grammar, undefined, 2)}\n`);
});

function* patternsOf(rule: GrammarRule): Generator<string> {
  for (const pattern of [rule.match, rule.begin, rule.end]) if (pattern !== undefined) yield pattern;
  for (const inner of rule.patterns ?? []) yield* patternsOf(inner);
}

test("every pattern compiles, and its look-behinds are of a fixed length, as the editors' engine asks", () => {
  const patterns = Object.values(grammar.repository).flatMap((rule) => [...patternsOf(rule)]);
  expect(patterns.length).toBeGreaterThan(20);
  for (const pattern of patterns) {
    expect(() => new RegExp(pattern), pattern).not.toThrow();
    for (const [, inner] of pattern.matchAll(/\(\?<[=!]((?:[^()\\]|\\.)*)\)/g))
      expect(inner, pattern).not.toMatch(/[*+?]|\{\d/);
  }
});

test('every op, constant and errno is a word of the grammar', () => {
  const text = JSON.stringify(grammar.repository);
  const names = [...VOCABULARY.ops.map((op) => op.name), ...VOCABULARY.constants.keys(), ...VOCABULARY.errnos];
  for (const name of names) expect(text, name).toMatch(new RegExp(`[(|:]${name}[|)]`));
});
