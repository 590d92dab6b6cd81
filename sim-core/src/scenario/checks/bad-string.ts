import type { Check } from './check.ts';

export const badString: Check = {
  code: 'bad-string',
  severity: 'error',
  doc: 'A string without its closing quote, or with an escape that does not exist.',
  sources: ['docs/language.md'],
  examples: {
    bad: `scenario "open
`,
    good: `scenario "open"
`,
  },
  // Reported by the parser.
};
