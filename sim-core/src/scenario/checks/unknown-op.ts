import type { BlockKind } from '../ast.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { OP_KINDS_OF } from '../vocabulary.ts';
import { type Check, list, replacing } from './check.ts';

const WHAT: Readonly<Partial<Record<BlockKind, string>>> = {
  vcpu: 'an instruction',
  device: 'a TLP',
  host: 'an action of the host',
};

export const unknownOp: Check = {
  code: 'unknown-op',
  severity: 'error',
  doc: 'A vCPU, device or the host does something that is not modelled.',
  sources: ['Intel SDM volume 2', 'PCIe Base Specification, Transaction Layer'],
  examples: {
    bad: `machine {
  cpu intel
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  wbinv
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
  of: ['action'],
  *line({ line, vocabulary, params }) {
    const content = line.content;
    if (content.kind !== 'action' || vocabulary.actions.has(content.op.text) || params.has(content.op.text)) return;
    const { text, span } = content.op;
    const kinds = OP_KINDS_OF[line.block];
    const names = vocabulary.ops.filter((op) => kinds.includes(op.kind)).map((op) => op.name);
    const meant = nearest(text, names);
    const what = WHAT[line.block] ?? (line.block === 'proc' ? 'a statement' : 'a system call');
    const known = meant === undefined && names.length > 0 ? ` Modelled are ${list(names, 12)}.` : '';
    yield {
      span,
      message: `\`${text}\` is not ${what} that is modelled${didYouMean(meant)}${known}`,
      ...replacing(span, meant),
    };
  },
};
