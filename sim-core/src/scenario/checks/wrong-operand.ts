import { MSR_NAMES } from '../../kvm/msr.ts';
import type { OperandShape } from '../../ops/op.ts';
import type { Operand } from '../ast.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { actionOp, operandFits } from '../vocabulary.ts';
import { type Check, replacing } from './check.ts';
import { describeShapes, describeValue, signature } from './op-wording.ts';

export const wrongOperand: Check = {
  code: 'wrong-operand',
  severity: 'error',
  doc: 'An instruction, TLP or host action has too many or too few operands, or one of a form that it does not take.',
  sources: ['Intel SDM volume 2', 'PCIe Base Specification'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  mov 1, [x]
}
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
`,
  },
  of: ['action'],
  *line({ line, vocabulary, params }) {
    const content = line.content;
    if (content.kind !== 'action') return;
    const op = actionOp(vocabulary, line.block, content);
    if (op === undefined) return;
    const required = op.operands.filter((operand) => !operand.optional).length;
    const extra = content.operands[op.operands.length];
    if (extra !== undefined) {
      const takes =
        op.operands.length === 0
          ? 'takes no operands'
          : `takes ${op.operands.length} operand${op.operands.length === 1 ? '' : 's'}: \`${signature(op)}\``;
      yield {
        span: { start: extra.span.start, end: content.operands.at(-1)!.span.end },
        message: `\`${op.name}\` ${takes}.`,
      };
      return;
    }
    if (content.operands.length < required) {
      const missing = op.operands[content.operands.length]!;
      yield {
        span: content.op.span,
        message: `\`${op.name}\` needs ${describeShapes(missing.shapes)} as ${missing.name}: \`${signature(op)}\`.`,
      };
      return;
    }
    for (const [index, operand] of content.operands.entries()) {
      const spec = op.operands[index]!;
      if (operand.kind === 'name' && params.has(operand.name)) continue;
      if (spec.shapes.some((shape) => operandFits(operand, shape))) continue;
      // A register of another device: peer-to-peer DMA, which `not-modelled` names.
      if (op.kind === 'tlp' && 'member' in operand && operand.member) return;
      const meant = registerMeant(operand, spec.shapes);
      const found = `found ${describeValue(operand)}`;
      yield {
        span: operand.span,
        message: `Expected ${describeShapes(spec.shapes)} as ${spec.name} of \`${op.name}\`, ${found}${didYouMean(meant)}`,
        ...replacing(operand.span, meant),
      };
      return;
    }
    const [first, second] = content.operands;
    if (op.kind === 'instruction' && first?.kind === 'memory' && second?.kind === 'memory') {
      yield {
        span: second.span,
        message: `\`${op.name}\` has at most one operand in memory: load into a register first.`,
      };
    }
  },
};

/** The MSR or control register that a misspelled name, or a number, is. */
function registerMeant(operand: Operand, shapes: readonly OperandShape[]): string | undefined {
  const names = shapes.flatMap((shape) => (shape.kind === 'system-register' ? shape.names : []));
  if (operand.kind === 'name' && operand.member === undefined && shapes.some(({ kind }) => kind === 'memory'))
    return `[${operand.name}]`;
  if (operand.kind === 'name') return nearest(operand.name, names);
  // A TLP has the name of the word alone.
  if (operand.kind === 'memory' && operand.member === undefined && shapes.some(({ kind }) => kind === 'word'))
    return operand.name.text;
  if (operand.kind !== 'number') return undefined;
  const name = MSR_NAMES.get(Number(operand.value));
  return name !== undefined && names.includes(name) ? name : undefined;
}
