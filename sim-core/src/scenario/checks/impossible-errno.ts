import type { Profile } from '../../kernel/profiles.ts';
import { attributeByName } from '../../ops/kvm-vfio/attributes.ts';
import type { ErrnoDoc } from '../../ops/op.ts';
import type { Syscall } from '../ast.ts';
import { indicesByKind, piecesOf, rememberedByWords } from '../pieces.ts';
import { rangeTextContains } from '../ranges.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { type Check, list } from './check.ts';
import { expectedValues, opOfCall } from './expected-values.ts';
import { kernelsAsked } from './kernels-asked.ts';
import { kernelsText, rangeText } from './kernels-text.ts';

/** Errnos that any ioctl may give before the driver is asked. */
const OF_ANY_IOCTL: readonly string[] = ['EBADF', 'ENOTTY', 'EINVAL', 'EFAULT', 'EIO', 'ENXIO'];
/** What KVM_SET_DEVICE_ATTR gives before it looks at the attribute. */
const BEFORE_ATTRIBUTE: readonly string[] = ['EBADF', 'EFAULT', 'ENXIO', 'EIO', 'ENOTTY'];

export const impossibleErrno: Check = {
  code: 'impossible-errno',
  severity: 'warning',
  doc: 'This call, with this attribute and on the kernels that the scenario names, does not return the declared errno as far as it is modelled: the declaration will be a finding in every run.',
  sources: ['linux: the functions named by the op'],
  examples: {
    bad: `setup {
  close(7) = -EEXIST
}
`,
    good: `setup {
  close(7) = -EBADF
}
`,
  },
  *scenario({ scenario, vocabulary, profile }) {
    const kernels = kernelsAsked(scenario, profile).all;
    for (const { start, piece } of piecesOf(scenario)) {
      for (const { index, call, errno } of errnosDeclared(piece, vocabulary)) {
        const message = objectionTo(call, errno, kernels, vocabulary);
        const end = call.result?.span.end ?? 0;
        if (message !== undefined) yield { line: start + index, span: { start: end - errno.length, end }, message };
      }
    }
  },
};

/** The lines that declare an errno, of calls whose errnos are known. */
const errnosDeclared = rememberedByWords((piece, vocabulary) =>
  (indicesByKind(piece).get('syscall') ?? []).flatMap((index) => {
    const call = piece.lines[index]!.content;
    const errno = call.kind === 'syscall' ? call.result?.errno : undefined;
    if (call.kind !== 'syscall' || errno === undefined || !vocabulary.errnos.has(errno)) return [];
    return [{ index, call, errno }];
  }),
);

function objectionTo(
  call: Syscall,
  errno: string,
  kernels: readonly Profile[],
  vocabulary: Vocabulary,
): string | undefined {
  const op = opOfCall(call, vocabulary);
  if (op === undefined || op.errnos.length === 0 || op.answer !== undefined) return undefined;
  const attribute = op.name === 'KVM_SET_DEVICE_ATTR' ? attributeOf(call, vocabulary) : undefined;
  const anyway = attribute ? BEFORE_ATTRIBUTE : op.kind === 'ioctl' ? OF_ANY_IOCTL : [];
  if (anyway.includes(errno)) return undefined;
  const documented = attribute
    ? [...attribute.errnos, ...op.errnos.filter(({ name }) => BEFORE_ATTRIBUTE.includes(name))]
    : op.errnos;
  const what = attribute ? `\`${op.name}\` with \`${attribute.name}\`` : `\`${op.name}\``;
  const rows = documented.filter(({ name }) => name === errno);
  if (rows.some((row) => possibleOn(row, kernels))) return undefined;
  if (rows.length > 0) {
    const where = rows.map(({ on }) => rangeText(on ?? '')).join(' and ');
    return `${what} fails with ${errno} in ${where} only, not in ${kernelsText(kernels)}.`;
  }
  const possible = documented.filter((row) => possibleOn(row, kernels)).map(({ name }) => name);
  return `${what} does not fail with ${errno}. It can fail with ${list([...new Set(possible)], 12)}.`;
}

/** A scenario that names no kernel may be meant for any. */
function possibleOn({ on }: ErrnoDoc, kernels: readonly Profile[]): boolean {
  return on === undefined || kernels.length === 0 || kernels.some((kernel) => rangeTextContains(on, kernel));
}

function attributeOf(call: Syscall, vocabulary: Vocabulary) {
  const value = expectedValues(call, vocabulary).find(({ field }) => field === 'attr')?.expr;
  return value?.kind === 'name' ? attributeByName.get(value.name) : undefined;
}
