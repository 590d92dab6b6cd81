import { didYouMean, nearest } from '../suggest.ts';
import { constantsOf } from '../vocabulary.ts';
import { type Check, list, replacing, type Wording } from './check.ts';
import { unknownConstants } from './constant-names.ts';

/** `known`: what is expected there; `all`: every constant. */
export function noConstant(name: string, known: readonly string[], all: Iterable<string>, where = ''): Wording {
  const meant = nearest(name, known) ?? nearest(name, all);
  const expected =
    meant === undefined && known.length > 0 ? ` ${where.replace('the', 'The')} takes ${list(known)}.` : '';
  return { message: `\`${name}\` is not a constant that is modelled${didYouMean(meant)}${expected}`, meant };
}

export const unknownConstant: Check = {
  code: 'unknown-constant',
  severity: 'error',
  doc: `A name in capitals that is not a constant of the kernel's API as far as it is modelled.`,
  sources: ['linux: include/uapi'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDRW)
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
}
`,
  },
  of: ['syscall'],
  *line(subject) {
    for (const { name, span, set, where } of unknownConstants(subject)) {
      if (set === 'kvm-vfio-group' || set === 'kvm-vfio-attr') continue;
      const known = set === undefined ? [] : constantsOf(set).map((constant) => constant.name);
      const { message, meant } = noConstant(name, known, subject.vocabulary.constants.keys(), where);
      yield { span, message, ...replacing(span, meant) };
    }
  },
};
