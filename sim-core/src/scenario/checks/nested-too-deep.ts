import type { Check } from './check.ts';

export const nestedTooDeep: Check = {
  code: 'nested-too-deep',
  severity: 'error',
  doc: 'More blocks, or more brackets in one line, inside each other than anyone means. The limits are valueNesting and blockNesting.',
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
