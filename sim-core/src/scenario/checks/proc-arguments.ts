import { contentsOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

export const procArguments: Check = {
  code: 'proc-arguments',
  severity: 'error',
  doc: 'A procedure is called with more or fewer arguments than it has parameters.',
  sources: ['docs/language.md, proc'],
  examples: {
    bad: `proc attach(fd) {
  close(fd)
}
setup {
  call attach()
}
`,
    good: `proc attach(fd) {
  close(fd)
}
setup {
  call attach(7)
}
`,
  },
  *scenario({ scenario, included }) {
    const params = new Map<string, readonly string[]>();
    for (const block of [...included, scenario].flatMap((file) => file.blocks)) {
      if (block.proc !== undefined)
        params.set(
          block.proc.name.text,
          block.proc.params.map((param) => param.text),
        );
    }
    for (const { line, content } of contentsOfKind(scenario, 'call')) {
      const expected = params.get(content.name.text);
      if (expected === undefined || expected.length === content.args.length) continue;
      const count = `${expected.length} argument${expected.length === 1 ? '' : 's'}`;
      const message = `\`${content.name.text}\` takes ${count}, \`${content.name.text}(${expected.join(', ')})\`, found ${content.args.length}.`;
      yield { line, span: content.name.span, message };
    }
  },
};
