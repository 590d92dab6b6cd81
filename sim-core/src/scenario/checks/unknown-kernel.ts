import { FIRST_VERSION, LAST_VERSION, PROFILES, profileNamed } from '../../kernel/profiles.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacing } from './check.ts';

const NAMES: readonly string[] = PROFILES.map((profile) => profile.name);
const OTHERS: readonly string[] = PROFILES.filter((profile) => !profile.mainline).map((profile) => profile.name);

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
      const meant = nearest(text, NAMES);
      const known = `Known are ${FIRST_VERSION} to ${LAST_VERSION}${OTHERS.length === 0 ? '' : `, ${list(OTHERS, 20)}`}.`;
      yield { span, message: `There is no kernel \`${text}\`${didYouMean(meant)} ${known}`, ...replacing(span, meant) };
    }
  },
};
