import type { Op } from '../../ops/op.ts';
import type { Syscall } from '../ast.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Check, Objection } from './check.ts';
import { calledRequest, expectedValues } from './expected-values.ts';
import { describeShapes, describeValue, signature, valueFits } from './op-wording.ts';

/** How many arguments the call has beside what it takes. */
function* wrongCount(call: Syscall, op: Op, before: number): Generator<Objection> {
  const required = before + op.operands.filter((operand) => !operand.optional).length;
  // strace prints a 0 after requests that take nothing.
  const most = before + Math.max(op.operands.length, op.kind === 'ioctl' ? 1 : 0);
  if (call.args.length > most) {
    const extra = call.args.slice(most);
    const span = { start: extra[0]!.span.start, end: extra.at(-1)!.span.end };
    yield { span, message: `\`${op.name}\` takes ${most} argument${most === 1 ? '' : 's'}: \`${signature(op)}\`.` };
  } else if (call.args.length < required) {
    const missing = op.operands[call.args.length - before]!;
    yield {
      span: call.call.span,
      message: `\`${op.name}\` needs ${describeShapes(missing.shapes)} as \`${missing.name}\`: \`${signature(op)}\`.`,
    };
  }
}

function opAndOffset(call: Syscall, vocabulary: Vocabulary): { op: Op; before: number } | undefined {
  const request = calledRequest(call, vocabulary);
  if (request !== undefined) return { op: request, before: 2 };
  const own = call.call.text === 'ioctl' ? undefined : vocabulary.syscalls.get(call.call.text);
  return own && { op: own, before: 0 };
}

export const wrongArgument: Check = {
  code: 'wrong-argument',
  severity: 'error',
  doc: 'A system call has too many or too few arguments, or one that the kernel cannot take there, such as a string in place of a descriptor.',
  sources: ['man pages, section 2', 'linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  close("/dev/kvm")
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  close(kvm)
}
`,
  },
  of: ['syscall'],
  *line({ line, vocabulary }) {
    const call = line.content;
    if (call.kind !== 'syscall') return;
    const known = opAndOffset(call, vocabulary);
    if (known === undefined) return;
    const counted = [...wrongCount(call, known.op, known.before)];
    yield* counted;
    if (counted.length > 0) return;
    for (const { expr, shapes, where } of expectedValues(call, vocabulary)) {
      if (shapes.length === 0 || shapes.some((shape) => valueFits(expr, shape))) continue;
      yield {
        span: expr.span,
        message: `Expected ${describeShapes(shapes)} as ${where}, found ${describeValue(expr)}.`,
      };
      return;
    }
  },
};
