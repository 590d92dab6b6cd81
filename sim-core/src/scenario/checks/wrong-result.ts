import { ERRNOS } from '../../kernel/errno.ts';
import { type Check, replacing } from './check.ts';

export const wrongResult: Check = {
  code: 'wrong-result',
  severity: 'error',
  doc: 'The declared result cannot be what the call returns: a negative number needs an errno, and calls that return 0 on success return nothing else.',
  sources: ['man pages, section 2'],
  examples: {
    bad: `setup {
  close(7) = -9
}
`,
    good: `setup {
  close(7) = -EBADF
}
`,
  },
  of: ['syscall'],
  *line({ line }) {
    if (line.content.kind !== 'syscall' || line.content.result?.value === undefined) return;
    const { value, span } = line.content.result;
    if (value >= 0n) return;
    const errno = ERRNOS.find((candidate) => BigInt(candidate.value) === -value);
    const better = errno && value !== -1n ? `-${errno.name}` : undefined;
    yield {
      span,
      message: `A failed call is declared by its errno, such as \`${better ?? '-EBADF'}\`, not by \`${value}\`.`,
      ...replacing(span, better),
    };
  },
};
