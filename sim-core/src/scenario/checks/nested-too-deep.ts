import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export const nestedTooDeep: Check = {
  code: 'nested-too-deep',
  severity: 'error',
  doc: `Blocks are nested more than ${LIMITS.blockNesting} deep, or brackets in one line more than ${LIMITS.valueNesting}.`,
  sources: ['docs/language.md'],
  limit: true,
  examples: {
    bad: `setup {
  close([[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]])
}
`,
    good: `setup {
  close(1)
}
`,
  },
  // Reported by the parser.
};
