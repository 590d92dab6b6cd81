import type { Check } from './check.ts';
import { LINES_WITH_OPTIONS, optionsOfLine } from './lines-with-options.ts';

export const duplicateOption: Check = {
  code: 'duplicate-option',
  severity: 'error',
  doc: 'An option is given twice: which value counts would be a guess.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  cpu intel count=2 count=4
}
`,
    good: `machine {
  cpu intel count=4
}
`,
  },
  of: LINES_WITH_OPTIONS,
  *line({ line, vocabulary }) {
    const seen = new Set<string>();
    for (const { key, span } of optionsOfLine(line, vocabulary)?.options ?? []) {
      if (seen.has(key.text))
        yield {
          span,
          message: `The option \`${key.text}\` is given twice.`,
          fixes: [{ title: 'Remove it', span: { start: Math.max(0, span.start - 1), end: span.end }, newText: '' }],
        };
      seen.add(key.text);
    }
  },
};
