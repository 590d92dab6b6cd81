import type { Profile } from '../../kernel/profiles.ts';
import type { Op } from '../../ops/op.ts';
import type { Severity } from '../ast.ts';
import { indicesByKind, piecesOf, rememberedByWords } from '../pieces.ts';
import { rangeTextContains } from '../ranges.ts';
import { type RoleWord, rolesOf } from '../roles.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { aliasOf, renamingFix } from './aliases.ts';
import type { Check } from './check.ts';
import { kernelsAsked } from './kernels-asked.ts';
import { kernelsText, rangeText } from './kernels-text.ts';

export const notInKernel: Check = {
  code: 'not-in-kernel',
  severity: 'warning',
  doc: 'A kernel that the scenario names does not have this constant or request yet, or no longer. It is a hint where the line declares an errno, because then that is what it wants to show, and information where other kernels of the scenario have it.',
  sources: ['linux: the commit that added it'],
  examples: {
    bad: `kernel v5.11
setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[4]})
}
`,
    good: `kernel v6.6
setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[4]})
}
`,
  },
  *scenario({ scenario, vocabulary, profile }) {
    const { all } = kernelsAsked(scenario, profile);
    if (all.length === 0) return;
    const withoutWord = new Map<string, readonly Profile[]>();
    for (const { start, piece } of piecesOf(scenario)) {
      for (const { index, words } of boundedLines(piece, vocabulary)) {
        const absent = words.flatMap(({ word, bounds }) => {
          // The same few words come in many lines, and a condition may name every kernel.
          const key = `${word.role} ${word.text}`;
          const without = withoutWord.get(key) ?? all.filter((kernel) => !bounds.has(kernel));
          withoutWord.set(key, without);
          return without.length === 0 ? [] : [{ word, bounds, without }];
        });
        const [first] = absent;
        if (first === undefined) continue;
        // Group and attribute, or a request and its flags, come and go together.
        const { word, bounds, without } =
          absent.find(({ word: { role } }) => role === 'request') ?? absent.at(-1) ?? first;
        const line = scenario.lines[start + index]!;
        const declaresErrno = line.content.kind === 'syscall' && line.content.result?.errno !== undefined;
        const severity: Severity = declaresErrno ? 'hint' : without.length === all.length ? 'warning' : 'information';
        const alias = aliasOf.get(word.text);
        const there = without.every((kernel) => alias?.on === undefined || rangeTextContains(alias.on, kernel));
        const instead = alias && there ? aliasText(alias.name) : insteadText(word, vocabulary, without);
        const message = `\`${word.text}\` is in ${bounds.text()}, not in ${kernelsText(without)}.${instead}`;
        const fix = there
          ? renamingFix(line, start + index, vocabulary, (other) =>
              absent.some((one) => aliasOf.get(one.word.text) === other),
            )
          : {};
        yield { line: start + index, span: word.span, severity, message, ...fix };
      }
    }
  },
};

/** The lines with words that not every kernel has. */
const boundedLines = rememberedByWords((piece, vocabulary) =>
  (indicesByKind(piece).get('syscall') ?? []).flatMap((index) => {
    const words = rolesOf(piece.lines[index]!, vocabulary).flatMap((word) => {
      const bounds = boundsOf(word, vocabulary);
      return bounds === undefined ? [] : [{ word, bounds }];
    });
    return words.length === 0 ? [] : [{ index, words }];
  }),
);

/** Which kernels have a word. */
interface Bounds {
  has(kernel: Profile): boolean;
  /** What follows `is in`. */
  text(): string;
}

function boundsOf({ role, text }: RoleWord, vocabulary: Vocabulary): Bounds | undefined {
  const constant = role === 'constant' ? vocabulary.constants.get(text) : undefined;
  const unmerged = constant?.unmerged;
  if (unmerged !== undefined) {
    return {
      has: ({ changes }) => changes.has(unmerged),
      text: () => `kernels with the change \`${unmerged}\`, which was not merged`,
    };
  }
  const on = role === 'request' ? vocabulary.requests.get(text)?.on : constant?.on;
  return on === undefined ? undefined : { has: (kernel) => rangeTextContains(on, kernel), text: () => rangeText(on) };
}

function aliasText(name: string): string {
  return ` There the number means \`${name}\`, which takes a group only.`;
}

/** What happens where it is missing. */
function insteadText({ role, text }: RoleWord, vocabulary: Vocabulary, without: readonly Profile[]): string {
  if (role === 'request') return insteadOfRequest(vocabulary.requests.get(text), without);
  const set = vocabulary.constants.get(text)?.set ?? '';
  const errno = INSTEAD[set];
  return errno === undefined ? '' : ` There the call ${errno}.`;
}

function insteadOfRequest(op: Op | undefined, without: readonly Profile[]): string {
  if (op === undefined || op.inert) return '';
  if (op.files?.includes('iommufd') && without.every((kernel) => !rangeTextContains('v6.2..', kernel)))
    return ' There is no /dev/iommu there: opening it fails with ENOENT.';
  return op.errnos.some(({ name }) => name === 'ENOTTY') ? ' There the call fails with ENOTTY.' : '';
}

/** By the set of a constant: what a kernel that does not know it answers. */
const INSTEAD: Readonly<Record<string, string>> = {
  'kvm-device-type': 'fails with ENODEV',
  'kvm-vfio-group': 'fails with ENXIO',
  'kvm-vfio-attr': 'fails with ENXIO',
  'kvm-dev-assign-flag': 'fails with ENOTTY',
  'kvm-mem-flag': 'fails with EINVAL',
  'vfio-iommu': 'fails with ENODEV, or answers 0 to VFIO_CHECK_EXTENSION',
  'vfio-dma-map-flag': 'fails with EINVAL',
  'vfio-dma-unmap-flag': 'fails with EINVAL',
};
