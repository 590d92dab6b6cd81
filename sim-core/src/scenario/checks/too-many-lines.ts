import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export const tooManyLines: Check = {
  code: 'too-many-lines',
  severity: 'error',
  doc: `The text has more than ${LIMITS.scenarioLines} lines; the rest is not read.`,
  sources: ['docs/language.md'],
  limit: true,
  examples: {
    // Made when it is asked for: it is as long as the limit.
    get bad() {
      return '\n'.repeat(LIMITS.scenarioLines);
    },
    good: `doc "short"
`,
  },
  // Reported by the parser.
};
