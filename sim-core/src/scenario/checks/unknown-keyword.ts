import type { Check } from './check.ts';

export const unknownKeyword: Check = {
  code: 'unknown-keyword',
  severity: 'error',
  doc: 'A line begins with a word that is not one of the language, where only these are allowed.',
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
