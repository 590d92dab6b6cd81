import type { Profile } from '../../kernel/profiles.ts';
import { profileLike } from '../../kernel/releases.ts';
import { contentsOfKind } from '../blocks.ts';
import { indicesByKind, piecesOf, rememberedByWords } from '../pieces.ts';
import { rangeTextContains } from '../ranges.ts';
import { rolesOf } from '../roles.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Check } from './check.ts';

export const notInKernel: Check = {
  code: 'not-in-kernel',
  severity: 'hint',
  doc: 'The scenario runs on a kernel that does not have this constant or call yet, or no longer. That may be what it wants to show.',
  sources: ['linux: the commit that added it'],
  examples: {
    bad: `kernel v5.11
setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[4]})
}
`,
    good: `kernel v6.6
setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[4]})
}
`,
  },
  *scenario({ scenario, vocabulary, profile: selected }) {
    const kernel = contentsOfKind(scenario, 'kernel')[0];
    const profile = selected ?? (kernel && profileLike(kernel.content.version.text, scenario.named));
    const absent = profile && absentIn(profile, vocabulary);
    if (absent === undefined || absent.size === 0) return;
    for (const { start, piece } of piecesOf(scenario)) {
      for (const { index, word } of boundedWords(piece, vocabulary)) {
        const { text, span } = word;
        const on = absent.get(text);
        if (on === undefined) continue;
        yield {
          line: start + index,
          span,
          message: `\`${text}\` is in ${on}, and this scenario runs on ${profile!.name}.`,
        };
      }
    }
  },
};

/** The words that not every kernel has. */
const boundedWords = rememberedByWords((piece, vocabulary) =>
  (indicesByKind(piece).get('syscall') ?? []).flatMap((index) =>
    rolesOf(piece.lines[index]!, vocabulary)
      .filter(({ role, text }) => {
        if (role === 'constant') return vocabulary.constants.get(text)?.on !== undefined;
        return role === 'request' && vocabulary.requests.get(text)?.on !== undefined;
      })
      .map((word) => ({ index, word })),
  ),
);

/** Constants and requests that a kernel does not have, with those that do. */
function absentIn(profile: Profile, vocabulary: Vocabulary): ReadonlyMap<string, string> {
  let absent = absentWords.get(profile);
  if (absent === undefined) {
    absent = new Map(
      [...vocabulary.constants.values(), ...vocabulary.requests.values()].flatMap(({ name, on }) =>
        on !== undefined && !rangeTextContains(on, profile) ? [[name, on]] : [],
      ),
    );
    absentWords.set(profile, absent);
  }
  return absent;
}

const absentWords = new WeakMap<Profile, ReadonlyMap<string, string>>();
