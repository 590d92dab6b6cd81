import type { Word } from '../ast.ts';
import { ALLOWED, CPU_VENDORS, IOMMU_DRIVERS } from '../machine-words.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, type Objection, replacing } from './check.ts';

function* among(word: Word, known: readonly string[], what: string): Generator<Objection> {
  if (known.includes(word.text)) return;
  const meant = nearest(word.text, known);
  yield {
    span: word.span,
    message: `\`${word.text}\` is not ${what}${didYouMean(meant)} Known are ${list(known)}.`,
    ...replacing(word.span, meant),
  };
}

export const unknownHardware: Check = {
  code: 'unknown-hardware',
  severity: 'error',
  doc: 'A vendor of CPUs, a kind of IOMMU, or something that the environment may do, which is not modelled.',
  sources: ['docs/language.md, machine'],
  examples: {
    bad: `machine {
  cpu intle
}
`,
    good: `machine {
  cpu intel
}
`,
  },
  of: ['cpu', 'iommu', 'allow'],
  *line({ line: { content } }) {
    if (content.kind === 'cpu') yield* among(content.vendor, CPU_VENDORS, 'a vendor of CPUs that is modelled');
    else if (content.kind === 'iommu') yield* among(content.driver, IOMMU_DRIVERS, 'a kind of IOMMU that is modelled');
    else if (content.kind === 'allow')
      yield* among(content.what, Object.keys(ALLOWED), 'something that the environment does');
  },
};
