import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacingAt, type Wording } from './check.ts';
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
      yield { line, span, message, ...replacingAt(line, span, meant) };
    }
  },
};
