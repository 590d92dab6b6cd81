import type { BlockItem, ParsedScenario } from '../ast.ts';
import type { Check, PlacedObjection } from './check.ts';

/** System calls after which a process makes no others. */
const LAST_CALLS: ReadonlySet<string> = new Set(['exit', 'exit_group']);

export const unreachable: Check = {
  code: 'unreachable',
  severity: 'warning',
  doc: 'Control never reaches this statement: it is after a `loop`, which never ends, or after the end of the process.',
  sources: ['docs/language.md, choose, loop, repeat'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  loop {
    mov eax, [x]
  }
  wbinvd
}
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  repeat 3 {
    mov eax, [x]
  }
  wbinvd
}
`,
  },
  *scenario({ scenario }) {
    for (const { items } of scenario.blocks) yield* inItems(scenario, items);
  },
};

function* inItems(scenario: ParsedScenario, items: readonly BlockItem[]): Generator<PlacedObjection> {
  for (const [index, item] of items.entries()) {
    if (item.kind === 'choose') for (const alternative of item.alternatives) yield* inItems(scenario, alternative);
    else if (item.kind !== 'line') yield* inItems(scenario, item.body);
    const next = items[index + 1];
    const why = next && endsControl(scenario, item);
    if (next === undefined || why === undefined) continue;
    const { text, comment } = scenario.lines[next.line]!;
    const end = text.slice(0, comment?.start ?? text.length).trimEnd().length;
    yield {
      line: next.line,
      span: { start: text.length - text.trimStart().length, end },
      message: `This is never reached: ${why}.`,
    };
    return;
  }
}

function endsControl({ lines }: ParsedScenario, item: BlockItem): string | undefined {
  if (item.kind === 'loop') return `the \`loop\` on line ${item.line + 1} never ends`;
  const content = item.kind === 'line' ? lines[item.line]!.content : undefined;
  if (content?.kind !== 'syscall' || !LAST_CALLS.has(content.call.text)) return undefined;
  return `\`${content.call.text}\` on line ${item.line + 1} ends the process`;
}
