import type { Check } from './check.ts';

export const brokenInclude: Check = {
  code: 'broken-include',
  severity: 'error',
  doc: 'An included file has errors of its own.',
  sources: ['docs/language.md, include'],
  examples: {
    bad: `include "include-broken.snoop"
`,
    good: `doc "Nothing is included."
`,
  },
  *scenario({ brokenIncludes }) {
    for (const { code, ...place } of brokenIncludes) if (code === 'broken-include') yield place;
  },
};
