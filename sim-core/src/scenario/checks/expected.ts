import type { Check } from './check.ts';

export const expected: Check = {
  code: 'expected',
  severity: 'error',
  doc: 'The line stops making sense at a word or sign: something else must be there.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  mov [x] 1
}
`,
    good: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  mov [x], 1
}
`,
  },
  // Reported by the parser.
};
