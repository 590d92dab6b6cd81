import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacingAt } from './check.ts';
import { actorUses } from './names.ts';

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
      const meant = nearest(name, known);
      const message = `The scenario has no \`${name}\`${didYouMean(meant)} A vCPU has a block such as \`vcpu 0 {\`.`;
      yield { line, span, message, ...replacingAt(line, span, meant) };
    }
  },
};
