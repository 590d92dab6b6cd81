import type { LineContent, ParsedScenario, RelatedPlace } from '../ast.ts';
import { contentsOfKind, linesOfKind } from '../blocks.ts';
import type { TextPlace } from '../symbols.ts';
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
  *scenario({ scenario, includedSources }) {
    const first = new Map<string, TextPlace>();
    const elsewhere = new Map<string, RelatedPlace>();
    for (const { path, parsed, via } of includedSources) {
      for (const line of uniqueLines(parsed)) {
        const what = takenOver(parsed, line);
        if (what === undefined) continue;
        const place = { ...placeOf(parsed, line, what), path, message: `\`${what}\` is here.` };
        const known = elsewhere.get(what);
        if (known === undefined) elsewhere.set(what, place);
        else if (known.path !== path) {
          const message = `\`${what}\` is defined in \`${known.path}\`, line ${known.line + 1}, and in \`${path}\`, line ${line + 1}; a scenario may have only one.`;
          yield { ...via, message, related: [known, place] };
        }
      }
    }
    for (const line of uniqueLines(scenario)) {
      const what = identity(scenario.lines[line]!.content);
      if (what === undefined) continue;
      // The CPUs of a second machine are not the first's.
      if (what === 'machine') first.delete('cpu');
      const place = placeOf(scenario, line, what);
      const before = first.get(what);
      const taken = elsewhere.get(what);
      if (before === undefined) first.set(what, place);
      if (before !== undefined) {
        const message = `\`${what}\` is already defined on line ${before.line + 1}; a scenario may have only one.`;
        yield { ...place, message, related: [{ ...before, message: 'The first one is here.' }] };
      } else if (taken !== undefined) {
        const message = `\`${what}\` is already defined in \`${taken.path}\`, line ${taken.line + 1}; a scenario may have only one.`;
        yield { ...place, message, related: [taken] };
      }
    }
    yield* mixedSchedules(scenario);
  },
};

/** Schedule lines are one schedule: all count the same, and all are the only one or none is. */
function* mixedSchedules(
  scenario: ParsedScenario,
): Generator<TextPlace & { message: string; related: RelatedPlace[] }> {
  const [first, ...others] = contentsOfKind(scenario, 'schedule');
  if (first === undefined) return;
  for (const { line, content } of others) {
    if (content.only === first.content.only && content.granularity === first.content.granularity) continue;
    const related = [{ ...placeOf(scenario, first.line, 'schedule'), message: 'The first line is here.' }];
    const message = `All \`schedule\` lines are one schedule: line ${first.line + 1} and this one must begin with the same words.`;
    yield { ...placeOf(scenario, line, 'schedule'), message, related };
  }
}

function placeOf({ lines }: ParsedScenario, line: number, what: string): TextPlace {
  const { text } = lines[line]!;
  const start = text.length - text.trimStart().length;
  return { line, span: { start, end: Math.min(text.length, start + what.length) } };
}

function uniqueLines(scenario: ParsedScenario): number[] {
  const kinds = ['scenario', 'kernel', 'machine-open', 'cpu', 'actor-open'] as const;
  return kinds.flatMap((kind) => linesOfKind(scenario, kind)).sort((left, right) => left - right);
}

/** What an included file brings along: its header is its own, and its machine may be added to. */
function takenOver({ lines }: ParsedScenario, line: number): string | undefined {
  const { content } = lines[line]!;
  return content.kind === 'actor-open' ? identity(content) : undefined;
}
