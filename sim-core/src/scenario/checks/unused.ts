import { symbolsOf } from '../symbols.ts';
import type { Check } from './check.ts';

const WHAT: Readonly<Partial<Record<string, string>>> = { word: 'word', iommu: 'IOMMU', proc: 'procedure' };

export const unused: Check = {
  code: 'unused',
  severity: 'hint',
  doc: 'A word, IOMMU or procedure that nothing uses.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  memory x y = 0 0
}
vcpu 0 {
  mov [x], 1
}
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
`,
  },
  *scenario({ scenario, symbols, included, vocabulary }) {
    // A file without actors is there to be included: others use what it declares.
    if (!scenario.blocks.some((block) => block.actor !== undefined)) return;
    for (const symbol of symbols.all.values()) {
      const what = WHAT[symbol.space];
      if (what === undefined || symbol.referenceCount > 0) continue;
      const { id, name } = symbol;
      // A procedure of an included file may use what this one declares.
      if (included.some((file) => symbolsOf(file, vocabulary).all.get(id)?.referenceCount)) continue;
      const first = symbol.definitions[0];
      if (first === undefined) continue;
      yield { line: first.line, span: first.span, message: `Nothing uses the ${what} \`${name}\`.` };
    }
  },
};
