import type { Check } from './check.ts';

export const nestedTooDeep: Check = {
  code: 'nested-too-deep',
  severity: 'error',
  doc: 'Blocks, or brackets in one line, are nested too deep. The limits are valueNesting and blockNesting.',
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
