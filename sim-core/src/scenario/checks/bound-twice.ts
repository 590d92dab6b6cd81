import { blockOfLines } from '../blocks.ts';
import type { Check } from './check.ts';

export const boundTwice: Check = {
  code: 'bound-twice',
  severity: 'warning',
  doc: 'Two actors that run concurrently bind the same name: what it holds afterwards depends on which comes last.',
  sources: ['docs/language.md, System calls'],
  examples: {
    bad: `thread a {
  fd = open("/dev/kvm", O_RDWR)
}
thread b {
  fd = open("/dev/kvm", O_RDWR)
}
`,
    good: `thread a {
  fd = open("/dev/kvm", O_RDWR)
}
thread b {
  other = open("/dev/kvm", O_RDWR)
}
`,
  },
  *scenario({ scenario, symbols }) {
    if (!scenario.blocks.some(({ kind }) => kind === 'thread')) return;
    const blocks = blockOfLines(scenario);
    for (const symbol of symbols.all.values()) {
      if (symbol.space !== 'name' || symbol.definitionCount < 2) continue;
      const { name, definitions } = symbol;
      const threads = definitions.filter(({ line }) => blocks[line]?.kind === 'thread');
      const first = threads[0];
      for (const { line, span } of threads) {
        if (blocks[line] === blocks[first!.line]) continue;
        const message = `\`${name}\` is bound by \`thread ${blocks[first!.line]?.actor?.name?.text}\` too, in line ${first!.line + 1}: which value it has depends on the interleaving.`;
        yield { line, span, message, related: [{ ...first!, message: 'It is bound here too.' }] };
      }
    }
  },
};
