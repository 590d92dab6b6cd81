import type { Check } from './check.ts';

export const unknownInclude: Check = {
  code: 'unknown-include',
  severity: 'error',
  doc: 'An included file cannot be read, so its procedures are unknown.',
  sources: ['docs/language.md, include'],
  examples: {
    bad: `include "nowhere.snoop"
`,
    good: `doc "Nothing is included."
`,
  },
  *scenario({ brokenIncludes }) {
    for (const { code, ...place } of brokenIncludes) if (code === 'unknown-include') yield place;
  },
};
