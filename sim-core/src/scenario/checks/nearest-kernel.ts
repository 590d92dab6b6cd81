import { kernelLike, likeText } from '../../kernel/releases.ts';
import type { Check } from './check.ts';
import { kernelNames } from './kernel-names.ts';

export const nearestKernel: Check = {
  code: 'nearest-kernel',
  severity: 'hint',
  doc: 'A release that has no profile of its own: the nearest one is simulated, and what else the release has is not known.',
  sources: ['docs/language.md, Names of kernels'],
  examples: {
    bad: `kernel 6.8.0-45-generic
`,
    good: `kernel v6.8
`,
  },
  *scenario({ scenario }) {
    for (const { line, text, span } of kernelNames(scenario)) {
      const like = kernelLike(text, scenario.named);
      if (like === undefined || like.exact) continue;
      const recorded = like.recorded.map(({ name }) => `\`${name}\``).join(', ');
      const nearer = recorded === '' ? '' : ` Recorded releases of the same series, which may be nearer: ${recorded}.`;
      yield {
        line,
        span,
        message: `${likeText(text, like)}${nearer}`,
        fixes: [like.profile, ...like.recorded]
          .filter(({ name }) => name !== text)
          .map(({ name }) => ({
            title: `Change to \`${name}\``,
            edits: [{ line, span, newText: name }],
          })),
      };
    }
  },
};
