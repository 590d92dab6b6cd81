import type { Check } from './check.ts';

export const trailingText: Check = {
  code: 'trailing-text',
  severity: 'error',
  doc: 'The statement is complete, and more follows on its line. A line has one statement.',
  sources: ['docs/language.md'],
  examples: {
    bad: `scenario "a" "b"
`,
    good: `scenario "a"
`,
  },
  // Reported by the parser.
};
