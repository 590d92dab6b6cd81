import { type Profile, profileNamed } from '../../kernel/profiles.ts';
import { contentsOfKind, linesOfKind } from '../blocks.ts';
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
  *scenario({ scenario, vocabulary }) {
    const kernel = contentsOfKind(scenario, 'kernel')[0];
    const profile = kernel && profileNamed(kernel.content.version.text);
    const absent = profile && absentIn(profile, vocabulary);
    if (absent === undefined || absent.size === 0) return;
    for (const line of linesOfKind(scenario, 'syscall')) {
      for (const { role, text, span } of rolesOf(scenario.lines[line]!, vocabulary)) {
        if (role !== 'constant' && role !== 'request') continue;
        const on = absent.get(text);
        if (on !== undefined) {
          yield { line, span, message: `\`${text}\` is in ${on}, and this scenario runs on ${profile!.name}.` };
        }
      }
    }
  },
};

/** Constants and requests that a kernel does not have, with those that do. */
function absentIn(profile: Profile, vocabulary: Vocabulary): ReadonlyMap<string, string> {
  const absent = new Map<string, string>();
  for (const { name, on } of [...vocabulary.constants.values(), ...vocabulary.requests.values()]) {
    if (on !== undefined && !rangeTextContains(on, profile)) absent.set(name, on);
  }
  return absent;
}
