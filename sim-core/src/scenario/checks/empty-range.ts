import { compareVersions } from '../../kernel/changes.ts';
import type { NamedKernels } from '../../kernel/named-kernels.ts';
import { kernelLike } from '../../kernel/releases.ts';
import type { VersionRange } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { type Check, replacingAt, type Wording } from './check.ts';

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
  *scenario({ scenario }) {
    for (const { line, content } of contentsOfKind(scenario, 'condition')) {
      for (const range of content.on) {
        const objection = objectionTo(range, scenario.named);
        if (objection)
          yield { line, span: range.span, ...objection, ...replacingAt(line, range.span, objection.meant) };
      }
    }
  },
};

/** What is wrong with a range whose ends are kernels; one name alone is never wrong. */
function objectionTo({ from, to }: VersionRange, named: NamedKernels | undefined): Wording | undefined {
  const ends = [from, to].filter((end) => end !== undefined);
  const likes = ends.map(({ text }) => kernelLike(text, named));
  if (from === to || from?.text === to?.text) return undefined;
  const unordered = ends.find((_, index) => likes[index] && !(likes[index].exact && likes[index].profile.mainline));
  if (unordered !== undefined) {
    return { message: `\`${unordered.text}\` is not a mainline release, so it cannot be in a range: name it alone.` };
  }
  const [first, last] = likes.map((like) => like?.profile);
  if (!first || !last || compareVersions(first.version, last.version) <= 0) return undefined;
  const meant = `${last.name}..${first.name}`;
  return { message: `No kernel is in \`${first.name}..${last.name}\`: the first is newer than the last.`, meant };
}
