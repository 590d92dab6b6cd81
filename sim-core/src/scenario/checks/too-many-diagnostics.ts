import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export const tooManyDiagnostics: Check = {
  code: 'too-many-diagnostics',
  severity: 'information',
  doc: 'More is wrong than the limit diagnostics shows.',
  sources: ['docs/language.md'],
  examples: {
    // Made when it is asked for: it is as long as the limit.
    get bad() {
      return '}\n'.repeat(LIMITS.diagnostics + 1);
    },
    good: `doc "short"
`,
  },
  // Reported by the parser.
};
