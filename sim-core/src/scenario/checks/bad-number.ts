import type { Check } from './check.ts';

/** Words hold 32 bits, and show them as signed numbers; none begins as a negative one. */
const MOST_AT_FIRST = 0x7fff_ffffn;

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
  // The parser reports those that it cannot read.
  of: ['memory'],
  *line({ line: { content } }) {
    if (content.kind !== 'memory') return;
    for (const { value, text, span } of content.values)
      if (value < 0n || value > MOST_AT_FIRST)
        yield { span, message: `A word begins with a value from 0 to 0x7fffffff, found \`${text}\`.` };
  },
};
