import type { Check } from './check.ts';

export const missingBrace: Check = {
  code: 'missing-brace',
  severity: 'error',
  doc: 'A block is opened and never closed.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  hlt
`,
    good: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  hlt
}
`,
  },
  // Reported by the parser.
};
