import { blockOfLines } from '../blocks.ts';
import type { Check } from './check.ts';

export const usedBeforeBound: Check = {
  code: 'used-before-bound',
  severity: 'warning',
  doc: '`setup` runs in order, and this line uses a name that a later one binds. Until then a name holds -1, and every call with it fails with EBADF.',
  sources: ['docs/language.md, setup'],
  examples: {
    bad: `setup {
  close(kvm)
  kvm = open("/dev/kvm", O_RDWR)
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  close(kvm)
}
`,
  },
  *scenario({ scenario, symbols }) {
    const blocks = blockOfLines(scenario);
    for (const symbol of symbols.all.values()) {
      if (symbol.space !== 'name' || symbol.definitionCount === 0) continue;
      const { name, definitions } = symbol;
      const first = definitions[0]!;
      // A procedure may bind it wherever it is called.
      if (definitions.some(({ line }) => blocks[line]?.kind === 'proc')) continue;
      for (const { line, span } of symbol.references) {
        if (
          blocks[line]?.kind !== 'setup' ||
          line > first.line ||
          (line === first.line && blocks[first.line]?.kind !== 'setup')
        )
          continue;
        const message = `\`${name}\` is not bound until line ${first.line + 1}; here it is still -1.`;
        yield { line, span, message, related: [{ ...first, message: `\`${name}\` is bound here.` }] };
      }
    }
  },
};
