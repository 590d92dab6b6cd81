import type { BlockItem, ParsedScenario } from '../ast.ts';
import { linesOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

function* emptyLoops(items: readonly BlockItem[], scenario: ParsedScenario): Generator<number> {
  for (const item of items) {
    if (item.kind === 'line') continue;
    const bodies = item.kind === 'choose' ? item.alternatives : [item.body];
    // A broken line may be the statement that is being typed.
    const typing = scenario.lines.slice(item.line + 1, item.endLine).some((line) => line.content.kind === 'broken');
    if (item.kind === 'loop' && item.body.length === 0 && !typing) yield item.line;
    for (const body of bodies) yield* emptyLoops(body, scenario);
  }
}

export const EMPTY_LOOP = 'This loop has no statement in it and would never get further.';

export const emptyLoop: Check = {
  code: 'empty-loop',
  severity: 'error',
  doc: 'A `loop` without a statement in it would never get further: no step can be made in it.',
  sources: ['docs/language.md, loop'],
  examples: {
    bad: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  loop {
  }
}
`,
    good: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  loop {
    mov [x], 1
  }
}
`,
  },
  *scenario({ scenario }) {
    if (linesOfKind(scenario, 'loop-open').length === 0) return;
    for (const block of scenario.blocks) {
      if (block.kind === 'machine') continue;
      for (const line of emptyLoops(block.items, scenario)) {
        const start = scenario.lines[line]!.text.indexOf('loop');
        yield {
          line,
          span: { start, end: start + 4 },
          message: EMPTY_LOOP,
        };
      }
    }
  },
};
