import type { LineContent, ParsedScenario, Span } from '../ast.ts';
import { linesOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

/** What there is one of, as text; undefined for what there may be several of. */
function identity(content: LineContent): string | undefined {
  switch (content.kind) {
    case 'scenario':
    case 'kernel':
    case 'cpu':
      return content.kind;
    case 'machine-open':
      return 'machine';
    case 'actor-open': {
      const { kind, name } = content.actor;
      if (kind === 'device') return `device ${name?.text}`;
      // Threads and vCPUs have names of their own: two of a name are found as such.
      return kind === 'setup' || kind === 'host' ? kind : undefined;
    }
    default:
      return undefined;
  }
}

export const duplicateBlock: Check = {
  code: 'duplicate-block',
  severity: 'error',
  doc: 'There is one machine, and each actor has one block: two `machine`, `setup` or `host` blocks, two blocks of one device, or two `kernel` lines, contradict or hide each other.',
  sources: ['docs/language.md'],
  examples: {
    bad: `setup {
  close(7)
}
setup {
  close(8)
}
`,
    good: `setup {
  close(7)
  close(8)
}
`,
  },
  *scenario({ scenario, included }) {
    const first = new Map<string, { line: number; span: Span }>();
    const elsewhere = new Set(included.flatMap((file) => uniqueLines(file).map((line) => takenOver(file, line))));
    for (const line of uniqueLines(scenario)) {
      const { content, text } = scenario.lines[line]!;
      const what = identity(content);
      if (what === undefined) continue;
      // The CPUs of a second machine are not the first's.
      if (what === 'machine') first.delete('cpu');
      const start = text.length - text.trimStart().length;
      const span = { start, end: Math.min(text.length, start + what.length) };
      const before = first.get(what);
      if (before === undefined) {
        first.set(what, { line, span });
        if (!elsewhere.has(what)) continue;
        yield { line, span, message: `\`${what}\` stands in an included file already; a scenario has one.` };
      } else
        yield {
          line,
          span,
          message: `\`${what}\` stands in line ${before.line + 1} already; a scenario has one.`,
          related: [{ ...before, message: 'The first one is here.' }],
        };
    }
  },
};

function uniqueLines(scenario: ParsedScenario): number[] {
  const kinds = ['scenario', 'kernel', 'machine-open', 'cpu', 'actor-open'] as const;
  return kinds.flatMap((kind) => linesOfKind(scenario, kind)).sort((left, right) => left - right);
}

/** What an included file brings along: its header is its own, and its machine may be added to. */
function takenOver({ lines }: ParsedScenario, line: number): string | undefined {
  const { content } = lines[line]!;
  return content.kind === 'actor-open' ? identity(content) : undefined;
}
