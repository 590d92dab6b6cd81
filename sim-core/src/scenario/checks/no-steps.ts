import type { Check } from './check.ts';

/** `item`: as written, with its count of 0. */
export function noStep(item: string): string {
  return `\`${item}\` makes no step: a count begins at 1.`;
}

export const noSteps: Check = {
  code: 'no-steps',
  severity: 'error',
  doc: 'An item of a schedule makes no step: it would change nothing, so something else is meant.',
  sources: ['docs/language.md, schedule'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
  hlt
}
schedule vcpu0*0
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
  hlt
}
schedule vcpu0*2
`,
  },
  of: ['schedule'],
  *line({ line: { text, content } }) {
    if (content.kind !== 'schedule') return;
    for (const { count, span } of content.items)
      if (count === 0) yield { span, message: noStep(text.slice(span.start, span.end)) };
  },
};
