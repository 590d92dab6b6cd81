import { CHANGES } from '../../kernel/changes.ts';
import type { NamedKernels } from '../../kernel/named-kernels.ts';
import { knownKernels, NEWEST, PROFILES } from '../../kernel/profiles.ts';
import { kernelLike, type VariantProblem, variantProblem } from '../../kernel/releases.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacingAt, type Wording } from './check.ts';
import { kernelNames } from './kernel-names.ts';

const NAMES: readonly string[] = PROFILES.map((profile) => profile.name);

/** Every tool refuses the name of a kernel in these words. */
export function noKernel(name: string, named: NamedKernels = new Map()): Wording {
  const problem = variantProblem(name, named);
  if (problem) return { message: variantText(name, problem), meant: undefined };
  const meant = isNewer(name) ? NEWEST.name : nearest(name, [...NAMES, ...named.keys()]);
  const own = [...named.keys()].map((one) => `, ${one}`).join('');
  return { message: `There is no kernel \`${name}\`${didYouMean(meant)} Known are ${knownKernels()}${own}.`, meant };
}

/** `v9.1`: not released when this was written; only the newest is near to it. */
function isNewer(name: string): boolean {
  const [major = 0, minor = 0] = numbersIn(name);
  const [lastMajor = 0, lastMinor = 0] = numbersIn(NEWEST.name);
  return /^v?\d+\.\d+(?:\.\d+)?$/.test(name) && (major > lastMajor || (major === lastMajor && minor > lastMinor));
}

function numbersIn(name: string): readonly number[] {
  return (name.match(/\d+/g) ?? []).map(Number);
}

export const unknownKernel: Check = {
  code: 'unknown-kernel',
  severity: 'error',
  doc: 'A name that means no kernel: no profile, no release near to one, and no name in `snoopscope.json`.',
  sources: ['docs/language.md, kernel'],
  examples: {
    bad: `kernel v5.112
`,
    good: `kernel v5.12
`,
  },
  *scenario({ scenario }) {
    for (const { line, text, span } of kernelNames(scenario)) {
      if (kernelLike(text, scenario.named) !== undefined) continue;
      const { message, meant } = noKernel(text, scenario.named);
      yield { line, span, message, ...replacingAt(line, span, meant) };
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
