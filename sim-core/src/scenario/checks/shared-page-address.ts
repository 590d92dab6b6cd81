import type { Span } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

const PAGE_BYTES = 0x1000n;

export const sharedPageAddress: Check = {
  code: 'shared-page-address',
  severity: 'error',
  doc: 'Two pages are at the same address: a run would find only one of them there. Words of one page share its name, `page=`.',
  sources: ['docs/language.md, machine'],
  examples: {
    bad: `machine {
  cpu intel
  memory x = 0 at=0x200000
  memory y = 0 at=0x200000
}
`,
    good: `machine {
  cpu intel
  memory x = 0 at=0x200000
  memory y = 0 at=0x201000
}
`,
  },
  *scenario({ scenario }) {
    const seen = new Map<bigint, { readonly line: number; readonly span: Span; readonly page: string }>();
    for (const { line, content } of contentsOfKind(scenario, 'memory')) {
      const at = content.options.find(({ key }) => key.text === 'at');
      if (at === undefined || !/^(0x[\da-f]+|\d+)$/i.test(at.value.text)) continue;
      const frame = BigInt(at.value.text) / PAGE_BYTES;
      // Lines with a page name may share it; a line without one has a page of its own.
      const page = content.options.find(({ key }) => key.text === 'page')?.value.text ?? `line ${line}`;
      const other = seen.get(frame);
      if (other === undefined) seen.set(frame, { line, span: at.span, page });
      else if (other.page !== page) {
        yield {
          line,
          span: at.span,
          message: `Line ${other.line + 1} already has a page at \`${at.value.text}\`.`,
          related: [{ line: other.line, span: other.span, message: 'The other page.' }],
        };
      }
    }
  },
};
