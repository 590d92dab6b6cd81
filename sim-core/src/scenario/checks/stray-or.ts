import type { Check } from './check.ts';

export const strayOr: Check = {
  code: 'stray-or',
  severity: 'error',
  doc: '`} or {` divides the alternatives of a `choose`, and no `choose` is open.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  loop {
    hlt
  } or {
    hlt
  }
}
`,
    good: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  choose {
    hlt
  } or {
    hlt
  }
}
`,
  },
  // Reported by the parser.
};
