import { CHANGES } from '../../kernel/changes.ts';
import { knownKernels, PROFILES, profileNamed } from '../../kernel/profiles.ts';
import { type VariantProblem, variantProblem } from '../../kernel/releases.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacing, type Wording } from './check.ts';

const NAMES: readonly string[] = PROFILES.map((profile) => profile.name);

/** Every tool refuses the name of a kernel in these words. */
export function noKernel(name: string): Wording {
  const problem = variantProblem(name);
  if (problem) return { message: variantText(name, problem), meant: undefined };
  const meant = nearest(name, NAMES);
  return { message: `There is no kernel \`${name}\`${didYouMean(meant)} Known are ${knownKernels()}.`, meant };
}

export const unknownKernel: Check = {
  code: 'unknown-kernel',
  severity: 'error',
  doc: 'A kernel version that has no profile.',
  sources: ['docs/language.md, kernel'],
  examples: {
    bad: `kernel v5.112
`,
    good: `kernel v5.12
`,
  },
  of: ['kernel', 'condition'],
  *line({ words }) {
    for (const { role, text, span } of words) {
      if (role !== 'version' || profileNamed(text) !== undefined) continue;
      const { message, meant } = noKernel(text);
      yield { span, message, ...replacing(span, meant) };
    }
  },
};

function variantText(name: string, problem: VariantProblem): string {
  const { id } = problem;
  const start = `There is no kernel \`${name}\`: `;
  switch (problem.kind) {
    case 'no-change': {
      const meant = nearest(
        id,
        CHANGES.map((change) => change.id),
      );
      return `${start}there is no change \`${id}\`${didYouMean(meant)} \`snoopscope kernels\` lists them.`;
    }
    case 'named-twice':
      return `${start}\`${id}\` is named twice.`;
    case 'already-there':
      return `${start}${problem.base} already has \`${id}\`, so \`+\` cannot add it.`;
    case 'not-there':
      return `${start}${problem.base} does not have \`${id}\`, so \`~\` cannot remove it.`;
  }
}
