import { contentsOfKind } from '../blocks.ts';
import { brokenNames } from '../broken-names.ts';
import type { Check } from './check.ts';

export const nothingChecked: Check = {
  code: 'nothing-checked',
  severity: 'information',
  doc: 'A scenario without a condition can be run, and nothing about it is checked but declared results; one without an actor does nothing at all.',
  sources: ['docs/language.md, exists, ~exists, forall'],
  examples: {
    bad: `scenario "a store"
machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
`,
    good: `scenario "a store"
machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
exists [x] == 1
`,
  },
  *scenario({ scenario, included }) {
    const [header] = contentsOfKind(scenario, 'scenario');
    // Without a name it is a sketch, or there to be included.
    if (header === undefined || brokenNames(scenario).mentioned.size > 0) return;
    const { line, content } = header;
    const files = [scenario, ...included];
    if (!files.some((file) => file.blocks.some(({ actor }) => actor !== undefined))) {
      const machine = scenario.blocks.find(({ kind }) => kind === 'machine');
      if (machine === undefined) return;
      const span = { start: 0, end: scenario.lines[machine.line]!.text.trimEnd().length };
      yield {
        line: machine.line,
        span,
        message: 'No actor uses this machine: `setup`, `vcpu 0` or `device` is missing.',
      };
      return;
    }
    if (files.some((file) => contentsOfKind(file, 'condition').length > 0)) return;
    yield {
      line,
      span: content.text.span,
      message: 'No `exists`, `~exists` or `forall`: beside declared results, a check has nothing to judge.',
    };
  },
};
