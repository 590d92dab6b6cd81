import { profileNamed } from '../../kernel/profiles.ts';
import { contentsOfKind, linesOfKind } from '../blocks.ts';
import { rangeTextContains } from '../ranges.ts';
import { rolesOf } from '../roles.ts';
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
    if (profile === undefined) return;
    for (const line of linesOfKind(scenario, 'syscall')) {
      for (const word of rolesOf(scenario.lines[line]!, vocabulary)) {
        const on =
          word.role === 'constant'
            ? vocabulary.constants.get(word.text)?.on
            : word.role === 'request'
              ? word.op?.on
              : undefined;
        if (on === undefined || rangeTextContains(on, profile)) continue;
        yield {
          line,
          span: word.span,
          message: `\`${word.text}\` is in ${on}, and this scenario runs on ${profile.name}.`,
        };
      }
    }
  },
};
