import { actionOp } from '../vocabulary.ts';
import type { Check } from './check.ts';

export const unexpectedBinding: Check = {
  code: 'unexpected-binding',
  severity: 'error',
  doc: 'A value is bound where none is returned: only reads return a value.',
  sources: ['docs/language.md, Devices'],
  examples: {
    bad: `machine {
  memory x = 0
  device gpu 0000:01:00.0
}
device gpu {
  r0 = MWr x, 1
}
`,
    good: `machine {
  memory x = 0
  device gpu 0000:01:00.0
}
device gpu {
  MWr x, 1
}
`,
  },
  of: ['action'],
  *line({ line, vocabulary }) {
    const content = line.content;
    if (content.kind !== 'action' || content.bind === undefined) return;
    const op = actionOp(vocabulary, line.block, content);
    if (op === undefined || op.binds === true) return;
    const span = { start: content.bind.span.start, end: content.op.span.start };
    const message = `\`${op.name}\` gives no value that \`${content.bind.text}\` could take.`;
    yield { span, message, fixes: [{ title: `Remove \`${content.bind.text} =\``, span, newText: '' }] };
  },
};
