import type { Check } from './check.ts';

export const badCharacter: Check = {
  code: 'bad-character',
  severity: 'error',
  doc: 'A character that no notation uses outside strings and comments; often it came from a web page or word processor, or is invisible.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  mov [x], §
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
