import { contentsOfKind } from '../blocks.ts';
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
  *scenario({ scenario, brokenIncludes }) {
    for (const { line, content } of contentsOfKind(scenario, 'include')) {
      if (!brokenIncludes.has(content.text.value)) continue;
      if (brokenIncludes.get(content.text.value) !== undefined) continue;
      yield {
        line,
        span: content.text.span,
        message: `The file \`${content.text.value}\` cannot be read. Its path is relative to this file.`,
      };
    }
  },
};
