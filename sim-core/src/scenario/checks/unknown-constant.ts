import { didYouMean, nearest } from '../suggest.ts';
import { constantsOf } from '../vocabulary.ts';
import { type Check, list, replacing } from './check.ts';
import { unknownConstants } from './constants.ts';

export const unknownConstant: Check = {
  code: 'unknown-constant',
  severity: 'error',
  doc: `A name in capitals that is no constant of the kernel's API as far as it is modelled.`,
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
      const meant = nearest(name, known) ?? nearest(name, subject.vocabulary.constants.keys());
      const expected =
        meant === undefined && known.length > 0 ? ` ${where.replace('the', 'The')} takes ${list(known)}.` : '';
      yield {
        span,
        message: `\`${name}\` is not a constant that is modelled${didYouMean(meant)}${expected}`,
        ...replacing(span, meant),
      };
    }
  },
};
