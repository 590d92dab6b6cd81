import { leftOutWord } from '../../ops/not-modelled.ts';
import type { BlockKind } from '../ast.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { OP_KINDS_OF, type Vocabulary } from '../vocabulary.ts';
import { type Check, list, replacing, type Wording } from './check.ts';

const WHAT: Readonly<Partial<Record<BlockKind, string>>> = {
  vcpu: 'an instruction',
  device: 'a TLP',
  host: 'an action of the host',
};

export function noOp(name: string, block: BlockKind, vocabulary: Vocabulary): Wording {
  const kinds = OP_KINDS_OF[block];
  const names = vocabulary.ops.filter((op) => kinds.includes(op.kind)).map((op) => op.name);
  const meant = nearest(name, names);
  const what = WHAT[block] ?? (block === 'proc' ? 'a statement' : 'a system call');
  const known = meant === undefined && names.length > 0 ? ` Modelled are ${list(names, 12)}.` : '';
  return { message: `\`${name}\` is not ${what} that is modelled${didYouMean(meant)}${known}`, meant };
}

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
    if (leftOutWord(content.op.text)) return;
    const { text, span } = content.op;
    const { message, meant } = noOp(text, line.block, vocabulary);
    yield { span, message, ...replacing(span, meant) };
  },
};
