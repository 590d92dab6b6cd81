import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacing, type Wording } from './check.ts';

export function noCall(name: string, known: readonly string[]): Wording {
  const meant = nearest(name, known);
  const all = meant === undefined ? ` Modelled are ${list(known, 12)}.` : '';
  return { message: `\`${name}\` is not a system call that is modelled${didYouMean(meant)}${all}`, meant };
}

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
    const { message, meant } = noCall(text, [...vocabulary.syscalls.keys()]);
    yield { span, message, ...replacing(span, meant) };
  },
};
