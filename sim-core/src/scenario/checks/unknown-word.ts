import type { Fix, ParsedScenario, Span } from '../ast.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, type PlacedObjection, replacingAt, type Wording } from './check.ts';
import { undefinedUses } from './undefined-names.ts';

export function noWord(name: string, known: readonly string[]): Wording {
  const meant = nearest(name, known);
  const message = `There is no word \`${name}\`${didYouMean(meant)} Words are declared in the machine block: \`memory ${name} = 0\`.`;
  return { message, meant };
}

export const unknownWord: Check = {
  code: 'unknown-word',
  severity: 'error',
  doc: 'A word of memory is used that no `memory` line declares.',
  sources: ['docs/language.md, memory'],
  examples: {
    bad: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  mov [xx], 1
}
`,
    good: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  mov [x], 1
}
`,
  },
  *scenario(subject) {
    const known = subject.symbols.names('word');
    for (const { name, line, span } of undefinedUses(subject, 'word')) {
      const { message, meant } = noWord(name, known);
      const address = subject.scenario.lines[line]!.text[span.start - 1] === '&';
      const descriptor = address && subject.symbols.names('name').includes(name);
      const fixes = descriptor
        ? []
        : [...(replacingAt(line, span, meant).fixes ?? []), ...declaring(subject.scenario, name)];
      if (!descriptor) yield { line, span, message, fixes };
      else yield { line, span, ...pointerInstead(line, span, name) };
    }
  },
};

/** `&container`: a pointer to a descriptor is written with brackets. */
function pointerInstead(line: number, span: Span, name: string): Omit<PlacedObjection, 'line' | 'span'> {
  const edits = [{ line, span: { start: span.start - 1, end: span.end }, newText: `[${name}]` }];
  return {
    message: `\`${name}\` is a descriptor, not a word of memory; a pointer to its number is written \`[${name}]\`.`,
    fixes: [{ title: `Change to \`[${name}]\``, edits }],
  };
}

/** A line of its own at the end of the machine: a word that shares no cache line. */
function declaring({ blocks, lines }: ParsedScenario, name: string): Fix[] {
  const machine = blocks.find(({ kind }) => kind === 'machine');
  if (machine === undefined || lines[machine.endLine]?.content.kind !== 'close') return [];
  const edits = [{ line: machine.endLine, span: { start: 0, end: 0 }, newText: `  memory ${name} = 0\n` }];
  return [{ title: `Declare \`memory ${name}\``, edits }];
}
