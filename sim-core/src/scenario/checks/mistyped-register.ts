import { nearest } from '../suggest.ts';
import { type Check, replacing } from './check.ts';

const REGISTERS: readonly string[] = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'esp'].concat(
  Array.from({ length: 8 }, (_, index) => `r${index + 8}d`),
);
const WIDE = /^r([abcd]x|[sd]i|[bs]p|8|9|1[0-5])$/;

export const mistypedRegister: Check = {
  code: 'mistyped-register',
  severity: 'warning',
  doc: 'A register of a vCPU whose name is nearly that of an x86 register, or that of a 64-bit one: registers hold 32 bits here. Any name is a register of its own.',
  sources: ['Intel SDM volume 1, General-Purpose Registers'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  mov exa, [x]
}
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  mov eax, [x]
}
`,
  },
  of: ['action'],
  *line({ line: { content, block }, words, params }) {
    if (content.kind !== 'action' || block !== 'vcpu') return;
    for (const { text, span, symbol } of words) {
      if (symbol?.space !== 'register' || params.has(text) || REGISTERS.includes(text)) continue;
      const wide = WIDE.test(text);
      const meant = wide ? narrow(text) : text.length === 3 ? nearest(text, REGISTERS) : undefined;
      if (meant === undefined) continue;
      const message = wide
        ? `\`${text}\` has 64 bits; registers hold 32 here: \`${meant}\`.`
        : `\`${text}\` is not a register of x86; did you mean \`${meant}\`?`;
      yield { span, message, ...replacing(span, meant) };
    }
  },
};

function narrow(text: string): string {
  return /\d/.test(text) ? `${text}d` : `e${text.slice(1)}`;
}
