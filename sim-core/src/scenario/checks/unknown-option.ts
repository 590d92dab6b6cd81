import { leftOutWord } from '../../ops/not-modelled.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacing } from './check.ts';
import { LINES_WITH_OPTIONS, optionsOfLine } from './lines-with-options.ts';

export const unknownOption: Check = {
  code: 'unknown-option',
  severity: 'error',
  doc: 'An option that this item, actor or op does not have.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  cpu intel cout=2
}
`,
    good: `machine {
  cpu intel count=2
}
`,
  },
  of: LINES_WITH_OPTIONS,
  *line({ line, vocabulary }) {
    const owner = optionsOfLine(line, vocabulary);
    if (owner === undefined) return;
    const known = owner.specs.map((spec) => spec.key);
    for (const { key, span } of owner.options) {
      if (known.includes(key.text) || leftOutWord(key.text)) continue;
      const meant = nearest(key.text, known);
      const takes = meant !== undefined ? '' : known.length === 0 ? ' It has none.' : ` It has ${list(known)}.`;
      yield {
        span: meant === undefined ? span : key.span,
        message: `${owner.name} has no option \`${key.text}\`${didYouMean(meant)}${takes}`,
        ...replacing(key.span, meant),
      };
    }
  },
};
