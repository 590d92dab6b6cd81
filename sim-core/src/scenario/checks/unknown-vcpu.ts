import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacingAt, type Wording } from './check.ts';
import { actorUses } from './undefined-names.ts';

export function noVcpu(name: string, known: readonly string[]): Wording {
  const meant = nearest(name, known);
  const message = `The scenario has no \`${name}\`${didYouMean(meant)} A vCPU has a block such as \`vcpu 0 {\`.`;
  return { message, meant };
}

export const unknownVcpu: Check = {
  code: 'unknown-vcpu',
  severity: 'error',
  doc: 'A vCPU is named that has no block.',
  sources: ['docs/language.md, Actors'],
  examples: {
    bad: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  hlt
}
host {
  migrate vcpu1 cpu=1
}
`,
    good: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
vcpu 0 {
  hlt
}
host {
  migrate vcpu0 cpu=1
}
`,
  },
  *scenario(subject) {
    for (const { name, line, span, known } of actorUses(subject, 'vcpu')) {
      const { message, meant } = noVcpu(name, known);
      yield { line, span, message, ...replacingAt(line, span, meant) };
    }
  },
};
