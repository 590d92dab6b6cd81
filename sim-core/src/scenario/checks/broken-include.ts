import { contentsOfKind } from '../blocks.ts';
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
  *scenario({ scenario, brokenIncludes }) {
    for (const { line, content } of contentsOfKind(scenario, 'include')) {
      const error = brokenIncludes.get(content.text.value);
      if (error !== undefined) yield { line, span: content.text.span, message: `\`${content.text.value}\`, ${error}` };
    }
  },
};
