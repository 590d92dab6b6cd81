import { leftOutWord } from '../../ops/not-modelled.ts';
import { nearest } from '../suggest.ts';
import { actionOp } from '../vocabulary.ts';
import { type Check, list, replacing } from './check.ts';

export const unknownTlpAttribute: Check = {
  code: 'unknown-tlp-attribute',
  severity: 'error',
  doc: 'A word after the operands that is not an attribute of this TLP.',
  sources: ['PCIe Base Specification, Transaction Layer, Attributes Field'],
  examples: {
    bad: `machine {
  memory x = 0
  device gpu 0000:01:00.0
}
device gpu {
  r0 = MRd x nosnoop
}
`,
    good: `machine {
  memory x = 0
  device gpu 0000:01:00.0
}
device gpu {
  r0 = MRd x ns
}
`,
  },
  of: ['action'],
  *line({ line, vocabulary }) {
    const content = line.content;
    if (content.kind !== 'action') return;
    const op = actionOp(vocabulary, line.block, content);
    if (op === undefined) return;
    const known = op.attributes?.map((attribute) => attribute.name) ?? [];
    for (const { text, span } of content.attributes) {
      if (known.includes(text) || leftOutWord(text)) continue;
      const takes = known.length === 0 ? 'takes no attributes; operands are divided by commas' : `takes ${list(known)}`;
      const meant = nearest(text, known);
      const message = `\`${text}\` is not an attribute of \`${op.name}\`, which ${takes}.`;
      yield { span, message, ...replacing(span, meant) };
    }
  },
};
