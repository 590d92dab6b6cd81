import { actionOp } from '../vocabulary.ts';
import type { Check } from './check.ts';

export const missingOption: Check = {
  code: 'missing-option',
  severity: 'error',
  doc: 'An op needs an option that is not given.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  cpu intel count=2
}
vcpu 0 {
  hlt
}
host {
  migrate vcpu0
}
`,
    good: `machine {
  cpu intel count=2
}
vcpu 0 {
  hlt
}
host {
  migrate vcpu0 cpu=1
}
`,
  },
  of: ['action'],
  *line({ line, vocabulary }) {
    const content = line.content;
    if (content.kind !== 'action') return;
    const op = actionOp(vocabulary, line.block, content);
    for (const option of op?.options ?? []) {
      if (option.required !== true || content.options.some(({ key }) => key.text === option.name)) continue;
      const at =
        line.comment === undefined
          ? line.text.trimEnd().length
          : line.text.slice(0, line.comment.start).trimEnd().length;
      const fix = { title: `Add \`${option.name}=\``, span: { start: at, end: at }, newText: ` ${option.name}=0` };
      yield {
        span: content.op.span,
        message: `\`${op!.name}\` needs \`${option.name}=\`: ${inSentence(option.doc)}`,
        ...(option.values === 'cpu' && { fixes: [fix] }),
      };
      return;
    }
  },
};

/** A doc as a part of a sentence; an abbreviation at its beginning stays as it is. */
function inSentence(doc: string): string {
  return /^[A-Z][a-z ]/.test(doc) ? doc[0]!.toLowerCase() + doc.slice(1) : doc;
}
