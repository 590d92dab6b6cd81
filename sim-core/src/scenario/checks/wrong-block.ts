import type { Check } from './check.ts';

export const wrongBlock: Check = {
  code: 'wrong-block',
  severity: 'error',
  doc: 'A line is in a block that it does not belong to: hardware belongs in `machine`, statements in the block of their actor, conditions at the top level.',
  sources: ['docs/language.md'],
  examples: {
    bad: `memory x = 0
`,
    good: `machine {
  memory x = 0
}
`,
  },
  // Reported by the parser.
};
