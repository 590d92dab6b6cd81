import { MEMTYPE } from '../../memory/memtype.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacing } from './check.ts';

const CONFIG_REGISTERS: readonly string[] = ['DevCtl'];

export const unknownRegister: Check = {
  code: 'unknown-register',
  severity: 'error',
  doc: 'A name that is not a memory type, control register, MSR or register of config space, where one of these is expected.',
  sources: [
    'Intel SDM volume 3, Control Registers; Model-Specific Registers',
    'PCIe Base Specification, Configuration Space',
  ],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  pat x = WX
}
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  pat x = WC
}
`,
  },
  of: ['action'],
  *line({ line, words, params }) {
    // What a fact of a condition is compared with is the fact's matter.
    if (line.content.kind !== 'action') return;
    for (const { role, text, span } of words) {
      const known =
        role === 'memory-type' ? Object.keys(MEMTYPE) : role === 'config-register' ? CONFIG_REGISTERS : undefined;
      if (known === undefined || known.includes(text) || params.has(text)) continue;
      const what = role === 'memory-type' ? 'a memory type' : 'a register of config space that is modelled';
      const meant = nearest(text, known);
      yield {
        span,
        message: `\`${text}\` is not ${what}${didYouMean(meant)} Known are ${list(known)}.`,
        ...replacing(span, meant),
      };
    }
  },
};
