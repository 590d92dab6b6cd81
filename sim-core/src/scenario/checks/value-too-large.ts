import type { Check } from './check.ts';

/** Ops whose value goes into a word or register of 32 bits. */
const STORES: ReadonlySet<string> = new Set(['mov', 'movnti', 'MWr']);
const LEAST = -(1n << 31n);
const MOST = (1n << 32n) - 1n;

export const valueTooLarge: Check = {
  code: 'value-too-large',
  severity: 'warning',
  doc: 'The value does not fit: words of memory and registers hold 32 bits, so that another one is stored.',
  sources: ['docs/language.md, Lines and blocks'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 0x100000001
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
  *line({ line: { content } }) {
    if (content.kind !== 'action' || !STORES.has(content.op.text)) return;
    for (const operand of content.operands) {
      if (operand.kind !== 'number' || (operand.value >= LEAST && operand.value <= MOST)) continue;
      const stored = BigInt.asIntN(32, operand.value);
      yield { span: operand.span, message: `\`${operand.text}\` does not fit in 32 bits: ${stored} is stored.` };
    }
  },
};
