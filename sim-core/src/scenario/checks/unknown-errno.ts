import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacing } from './check.ts';

export const unknownErrno: Check = {
  code: 'unknown-errno',
  severity: 'error',
  doc: 'The declared result names an errno that no modelled call returns.',
  sources: ['linux: include/uapi/asm-generic/errno.h'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR) = -ENONET
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR) = -ENOENT
}
`,
  },
  of: ['syscall'],
  *line({ words, vocabulary }) {
    for (const { role, text, span } of words) {
      if (role !== 'errno' || vocabulary.errnos.has(text)) continue;
      const meant = nearest(text, vocabulary.errnos);
      yield {
        span,
        message: `\`${text}\` is not an errno of the modelled calls${didYouMean(meant)}`,
        ...replacing(span, meant),
      };
    }
  },
};
