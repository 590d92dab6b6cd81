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
  *scenario({ scenario, symbols }) {
    // A file without actors is there to be included: others use what it declares.
    if (!scenario.blocks.some((block) => block.actor !== undefined)) return;
    for (const { space, name, definitions, references } of symbols.all.values()) {
      const what = WHAT[space];
      const first = definitions[0];
      if (what === undefined || first === undefined || references.length > 0) continue;
      yield { line: first.line, span: first.span, message: `Nothing uses the ${what} \`${name}\`.` };
    }
  },
};
