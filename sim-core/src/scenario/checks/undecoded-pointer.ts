import type { OperandShape } from '../../ops/op.ts';
import type { Check } from './check.ts';
import { expectedValues, opOfCall } from './expected-values.ts';

/** What the kernel reads or writes at an address that the caller passes. */
const IN_MEMORY: ReadonlySet<OperandShape['kind']> = new Set(['struct', 'pointer', 'string']);

export const undecodedPointer: Check = {
  code: 'undecoded-pointer',
  severity: 'warning',
  doc: 'strace prints a pointer that it does not follow as a number. What was there is not known, so the call fails with EFAULT in the model, though the line declares success. An editor offers to write what the calls around it imply.',
  sources: ['docs/language.md, System calls'],
  examples: {
    bad: `setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, 0x55f0c8a1b8f8) = 0
}
`,
    good: `setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
}
`,
  },
  of: ['syscall'],
  *line({ line: { content }, vocabulary }) {
    if (content.kind !== 'syscall' || (content.result?.value ?? -1n) < 0n) return;
    const op = opOfCall(content, vocabulary);
    if (op === undefined || op.inert) return;
    for (const { expr, shapes } of expectedValues(content, vocabulary)) {
      if (expr.kind !== 'number' || expr.value < 0x1000n) continue;
      if (shapes.length === 0 || !shapes.every(({ kind }) => IN_MEMORY.has(kind))) continue;
      yield {
        span: expr.span,
        message: `What \`${expr.text}\` points to is not known, so \`${op.name}\` is EFAULT here. Write what was there, \`{…}\` or \`[…]\`; \`snoopscope import\` infers it for a log of strace.`,
      };
    }
  },
};
