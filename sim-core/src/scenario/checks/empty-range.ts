import { compareVersions } from '../../kernel/changes.ts';
import { profileNamed } from '../../kernel/profiles.ts';
import type { Check } from './check.ts';

export const emptyRange: Check = {
  code: 'empty-range',
  severity: 'error',
  doc: 'A range of versions whose first is newer than its last holds no kernel: the condition would never be judged.',
  sources: ['docs/language.md, on'],
  examples: {
    bad: `exists stale-read on v5.12..v3.13
`,
    good: `exists stale-read on v3.13..v5.12
`,
  },
  of: ['condition'],
  *line({ line: { content } }) {
    if (content.kind !== 'condition') return;
    for (const { from, to, span } of content.on) {
      const first = from && profileNamed(from.text);
      const last = to && profileNamed(to.text);
      if (first === undefined || last === undefined || from === to) continue;
      const unordered = [first, last].find((profile) => !profile.mainline);
      if (unordered !== undefined) {
        yield {
          span,
          message: `\`${unordered.name}\` is not a mainline release, so it cannot be in a range: name it alone.`,
        };
      } else if (compareVersions(first.version, last.version) > 0) {
        const newText = `${last.name}..${first.name}`;
        yield {
          span,
          message: `No kernel is in \`${first.name}..${last.name}\`: the first is newer than the last.`,
          fixes: [{ title: `Change to \`${newText}\``, span, newText }],
        };
      }
    }
  },
};
