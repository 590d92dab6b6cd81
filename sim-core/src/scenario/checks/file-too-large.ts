import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export const fileTooLarge: Check = {
  code: 'file-too-large',
  severity: 'error',
  doc: `The text has more than ${LIMITS.scenarioCharacters} characters.`,
  sources: ['docs/language.md'],
  limit: true,
  examples: {
    // Made when it is asked for: it is as long as the limit.
    get bad() {
      return 'x'.repeat(LIMITS.scenarioCharacters + 1);
    },
    good: `doc "short"
`,
  },
  // Reported by the parser.
};
