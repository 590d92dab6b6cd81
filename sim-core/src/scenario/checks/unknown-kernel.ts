import { knownKernels, PROFILES, profileNamed } from '../../kernel/profiles.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacing, type Wording } from './check.ts';

const NAMES: readonly string[] = PROFILES.map((profile) => profile.name);

/** Every tool refuses the name of a kernel in these words. */
export function noKernel(name: string): Wording {
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
