import type { Check } from './check.ts';

export const unknownKeyword: Check = {
  code: 'unknown-keyword',
  severity: 'error',
  doc: 'A line begins with a word that is none of the language, at a place where only these can stand.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machne {
}
`,
    good: `machine {
}
`,
  },
  // Reported by the parser.
};
