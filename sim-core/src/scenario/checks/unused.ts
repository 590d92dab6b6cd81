import type { Line } from '../ast.ts';
import { brokenNames } from '../broken-names.ts';
import { symbolsOf } from '../symbols.ts';
import type { Check } from './check.ts';

const WHAT: Readonly<Partial<Record<string, string>>> = {
  word: 'word',
  iommu: 'IOMMU',
  proc: 'procedure',
  name: 'descriptor',
};
/** Calls whose only effect is the descriptor that they give. */
const OPENING: ReadonlySet<string> = new Set(['open', 'openat', 'dup', 'eventfd2', 'epoll_create1', 'memfd_create']);

export const unused: Check = {
  code: 'unused',
  severity: 'hint',
  doc: 'A word, IOMMU, procedure or descriptor that nothing uses.',
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
    const { mentioned } = brokenNames(scenario);
    for (const symbol of symbols.all.values()) {
      const what = WHAT[symbol.space];
      if (what === undefined || symbol.referenceCount > 0 || mentioned.has(symbol.name)) continue;
      const { id, name } = symbol;
      // A procedure of an included file may use what this one declares.
      if (included.some((file) => symbolsOf(file, vocabulary).all.get(id)?.referenceCount)) continue;
      const first = symbol.definitions[0];
      if (first === undefined || (symbol.space === 'name' && isUsed(scenario.lines[first.line]!))) continue;
      yield { line: first.line, span: first.span, message: `Nothing uses the ${what} \`${name}\`.` };
    }
  },
};

/** A name of a result may be there for readers; a file that is opened and never used is not. */
function isUsed({ content }: Line): boolean {
  return content.kind !== 'syscall' || content.result?.errno !== undefined || !OPENING.has(content.call.text);
}
