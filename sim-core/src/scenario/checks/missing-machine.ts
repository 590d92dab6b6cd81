import { brokenNames } from '../broken-names.ts';
import type { Check } from './check.ts';

export const missingMachine: Check = {
  code: 'missing-machine',
  severity: 'error',
  doc: 'A scenario with actors needs a machine: without one there are no CPUs, no memory and no devices to act on.',
  sources: ['docs/language.md, machine'],
  examples: {
    bad: `vcpu 0 {
  hlt
}
`,
    good: `machine {
  cpu intel
}
vcpu 0 {
  hlt
}
`,
  },
  *scenario({ scenario, included, brokenIncludes }) {
    if (
      brokenIncludes.length > 0 ||
      brokenNames(scenario).mentioned.has('machine') ||
      [scenario, ...included].some((file) => file.blocks.some((block) => block.kind === 'machine'))
    )
      return;
    const first = scenario.blocks.find(
      (block) => block.kind === 'vcpu' || block.kind === 'device' || block.kind === 'host',
    );
    if (first === undefined) return;
    const line = scenario.lines[first.line]!;
    const start = line.text.length - line.text.trimStart().length;
    const newText = 'machine {\n  cpu intel\n}\n\n';
    yield {
      line: first.line,
      span: { start, end: start + first.kind.length },
      message: `The scenario has no \`machine { … }\` block: \`${first.kind}\` has nothing to run on.`,
      fixes: [{ title: 'Add a machine block', edits: [{ line: first.line, span: { start: 0, end: 0 }, newText }] }],
    };
  },
};
