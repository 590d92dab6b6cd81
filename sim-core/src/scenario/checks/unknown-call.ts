import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacing } from './check.ts';

export const unknownCall: Check = {
  code: 'unknown-call',
  severity: 'error',
  doc: 'A thread makes a system call that is not modelled: what it would do is unknown.',
  sources: ['man pages, section 2'],
  examples: {
    bad: `setup {
  kvm = opn("/dev/kvm", O_RDWR)
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
}
`,
  },
  of: ['syscall'],
  *line({ line, vocabulary }) {
    const content = line.content;
    if (content.kind !== 'syscall' || line.block === 'vcpu' || line.block === 'device' || line.block === 'host') return;
    const { text, span } = content.call;
    if (vocabulary.syscalls.has(text)) return;
    const meant = nearest(text, vocabulary.syscalls.keys());
    const known = meant === undefined ? ` Modelled are ${list([...vocabulary.syscalls.keys()], 12)}.` : '';
    yield {
      span,
      message: `\`${text}\` is not a system call that is modelled${didYouMean(meant)}${known}`,
      ...replacing(span, meant),
    };
  },
};
