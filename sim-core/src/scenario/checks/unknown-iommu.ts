import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacingAt } from './check.ts';
import { undefinedUses } from './undefined-names.ts';

export const unknownIommu: Check = {
  code: 'unknown-iommu',
  severity: 'error',
  doc: 'A device names an IOMMU that the machine does not have.',
  sources: ['docs/language.md, machine'],
  examples: {
    bad: `machine {
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar1
}
`,
    good: `machine {
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar0
}
`,
  },
  *scenario(subject) {
    const known = subject.symbols.names('iommu');
    for (const { name, line, span } of undefinedUses(subject, 'iommu')) {
      const meant = nearest(name, known);
      const has = known.length === 0 ? 'It has none.' : `It has ${list(known)}.`;
      yield {
        line,
        span,
        message: `The machine has no IOMMU \`${name}\`${didYouMean(meant)} ${has}`,
        ...replacingAt(line, span, meant),
      };
    }
  },
};
