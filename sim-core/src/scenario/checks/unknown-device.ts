import { didYouMean, nearest } from '../suggest.ts';
import { type Check, replacingAt, type Wording } from './check.ts';
import { actorUses } from './undefined-names.ts';

export function noDevice(name: string, known: readonly string[]): Wording {
  const meant = nearest(name, known);
  const message = `The machine has no device \`${name}\`${didYouMean(meant)} Devices are declared in the machine block: \`device ${name} 0000:01:00.0\`.`;
  return { message, meant };
}

export const unknownDevice: Check = {
  code: 'unknown-device',
  severity: 'error',
  doc: 'A device is named that the machine block does not declare.',
  sources: ['docs/language.md, Actors'],
  examples: {
    bad: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
device gup {
  msi 0
}
`,
    good: `machine {
  cpu intel count=2
  memory x = 0
  device gpu 0000:01:00.0
}
device gpu {
  msi 0
}
`,
  },
  *scenario(subject) {
    for (const { name, line, span, known } of actorUses(subject, 'device')) {
      const { message, meant } = noDevice(name, known);
      yield { line, span, message, ...replacingAt(line, span, meant) };
    }
  },
};
