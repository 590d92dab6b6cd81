import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacingAt, type Wording } from './check.ts';
import { actorUses } from './undefined-names.ts';

export function noActor(name: string, known: readonly string[]): Wording {
  const meant = nearest(name, known);
  return { message: `The scenario has no actor \`${name}\`${didYouMean(meant)} Actors are ${list(known, 12)}.`, meant };
}

export const unknownActor: Check = {
  code: 'unknown-actor',
  severity: 'error',
  doc: 'A condition names an actor that the scenario does not have.',
  sources: ['docs/language.md, Actors'],
  examples: {
    bad: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  mov eax, [x]
}
exists cpu0.eax == 0
`,
    good: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  mov eax, [x]
}
exists vcpu0.eax == 0
`,
  },
  *scenario(subject) {
    for (const { name, line, span, known } of actorUses(subject, 'actor')) {
      const { message, meant } = noActor(name, known);
      yield { line, span, message, ...replacingAt(line, span, meant) };
    }
  },
};
