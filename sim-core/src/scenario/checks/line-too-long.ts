import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export const lineTooLong: Check = {
  code: 'line-too-long',
  severity: 'error',
  doc: `A line has more than ${LIMITS.lineCharacters} characters.`,
  sources: ['docs/language.md'],
  limit: true,
  examples: {
    // Made when it is asked for: it is as long as the limit.
    get bad() {
      return `// ${'x'.repeat(LIMITS.lineCharacters)}`;
    },
    good: `doc "short"
`,
  },
  // Reported by the parser.
};
