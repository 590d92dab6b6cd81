import type { Check } from './check.ts';

export const wrongValueCount: Check = {
  code: 'wrong-value-count',
  severity: 'error',
  doc: 'A memory line has one first value for each of its words, or none at all, which is 0 for each.',
  sources: ['docs/language.md, memory'],
  examples: {
    bad: `machine {
  memory y z = 0
}
`,
    good: `machine {
  memory y z = 0 0
}
`,
  },
  of: ['memory'],
  *line({ line: { content } }) {
    if (content.kind !== 'memory' || content.values.length === 0) return;
    const { names, values } = content;
    if (values.length === names.length) return;
    const span =
      values.length > names.length
        ? { start: values[names.length]!.span.start, end: values.at(-1)!.span.end }
        : { start: names[values.length]!.span.start, end: names.at(-1)!.span.end };
    yield {
      span,
      message: `${names.length} word${names.length === 1 ? '' : 's'} but ${values.length} first value${values.length === 1 ? '' : 's'}: each word has one.`,
    };
  },
};
