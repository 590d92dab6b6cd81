import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacingAt, type Wording } from './check.ts';
import { undefinedUses } from './undefined-names.ts';

export function noProcedure(name: string, known: readonly string[]): Wording {
  const meant = nearest(name, known);
  const has =
    known.length === 0 ? 'Define it with `proc`, or include the file that does.' : `Defined are ${list(known)}.`;
  return { message: `There is no procedure \`${name}\`${didYouMean(meant)} ${has}`, meant };
}

export const unknownProc: Check = {
  code: 'unknown-proc',
  severity: 'error',
  doc: '`call` names a procedure that neither this file nor an included one defines.',
  sources: ['docs/language.md, proc'],
  examples: {
    bad: `proc attach(fd) {
  close(fd)
}
setup {
  call atach(7)
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
  *scenario(subject) {
    const known = [
      ...subject.symbols.names('proc'),
      ...subject.included.flatMap((file) => file.blocks.flatMap((block) => block.proc?.name.text ?? [])),
    ];
    for (const { name, line, span } of undefinedUses(subject, 'proc')) {
      const { message, meant } = noProcedure(name, known);
      yield { line, span, message, ...replacingAt(line, span, meant) };
    }
  },
};
