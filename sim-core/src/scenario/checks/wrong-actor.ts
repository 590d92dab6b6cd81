import type { Op } from '../../ops/op.ts';
import type { BlockKind } from '../ast.ts';
import { STATEMENT_OF } from '../language-words.ts';
import { OP_KINDS_OF } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { OP_KIND_TEXT } from './op-wording.ts';

/** A system call where `block` has no thread of the VMM. */
export function callOfOther(name: string, block: BlockKind): string {
  return `\`${name}(…)\` is a system call, and only threads of the VMM make system calls. Expected ${STATEMENT_OF[block]} here.`;
}

/** An op of another kind of actor. */
export function opOfOther(op: Pick<Op, 'name' | 'kind'>, block: BlockKind): string {
  const { what, who } = OP_KIND_TEXT[op.kind];
  return `\`${op.name}\` is ${what}, and ${who}. Expected ${STATEMENT_OF[block]} here.`;
}

export const wrongActor: Check = {
  code: 'wrong-actor',
  severity: 'error',
  doc: 'Each actor speaks the notation of its field: threads make system calls, vCPUs execute instructions, devices send TLPs, and the host does what only the host can do. A statement is in the block of an actor that cannot execute it.',
  sources: ['docs/language.md, Actors'],
  examples: {
    bad: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
device gpu {
  wbinvd
}
`,
    good: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  wbinvd
}
`,
  },
  of: ['syscall', 'action'],
  *line({ line, vocabulary }) {
    const content = line.content;
    if (line.block === 'proc') return;
    if (content.kind === 'syscall' && !OP_KINDS_OF[line.block].includes('syscall')) {
      const { text, span } = content.call;
      yield { span, message: callOfOther(text, line.block) };
    }
    if (content.kind !== 'action') return;
    const ops = vocabulary.actions.get(content.op.text) ?? [];
    const op = ops[0];
    if (op === undefined || ops.some((candidate) => OP_KINDS_OF[line.block].includes(candidate.kind))) return;
    yield { span: content.op.span, message: opOfOther(op, line.block) };
  },
};
