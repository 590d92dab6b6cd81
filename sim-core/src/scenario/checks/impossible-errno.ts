import { type Check, list } from './check.ts';
import { opOfCall } from './expected-values.ts';

/** Errnos that any ioctl may give before the driver is asked. */
const OF_ANY_IOCTL: readonly string[] = ['EBADF', 'ENOTTY', 'EINVAL', 'EFAULT', 'EIO', 'ENXIO'];

export const impossibleErrno: Check = {
  code: 'impossible-errno',
  severity: 'warning',
  doc: 'This call does not return the declared errno as far as it is modelled, so the declaration will be a finding in every run.',
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
  of: ['syscall'],
  *line({ line, vocabulary }) {
    const content = line.content;
    if (
      content.kind !== 'syscall' ||
      content.result?.errno === undefined ||
      !vocabulary.errnos.has(content.result.errno)
    )
      return;
    const op = opOfCall(content, vocabulary);
    if (op === undefined || op.errnos.length === 0 || op.answer !== undefined) return;
    const possible = [...new Set(op.errnos.map((errno) => errno.name))];
    if (possible.includes(content.result.errno) || (op.kind === 'ioctl' && OF_ANY_IOCTL.includes(content.result.errno)))
      return;
    const span = { start: content.result.span.end - content.result.errno.length, end: content.result.span.end };
    yield {
      span,
      message: `\`${op.name}\` does not fail with ${content.result.errno}. It can fail with ${list(possible, 12)}.`,
    };
  },
};
