import type { Check } from './check.ts';

export const badNumber: Check = {
  code: 'bad-number',
  severity: 'error',
  doc: 'A number that cannot be read, does not fit in 64 bits, or is out of range at this place.',
  sources: ['docs/language.md'],
  examples: {
    bad: `setup {
  close(0x)
}
`,
    good: `setup {
  close(0x7)
}
`,
  },
  // Reported by the parser.
};
