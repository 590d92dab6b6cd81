import { linesOfKind } from '../blocks.ts';
import { rangeTextContains } from '../ranges.ts';
import { rolesOf } from '../roles.ts';
import { aliasOf, renamingFix } from './aliases.ts';
import type { Check } from './check.ts';
import { kernelsAsked } from './kernels-asked.ts';

export const olderName: Check = {
  code: 'older-name',
  severity: 'hint',
  advice: true,
  doc: 'Every kernel that the scenario names has a newer name for this constant. The number is the same, and so is what the call does.',
  sources: ['linux: include/uapi/linux/kvm.h', 'kernel doc: Documentation/virt/kvm/devices/vfio.rst'],
  examples: {
    bad: `kernel v6.6
setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[4]})
}
`,
    good: `kernel v6.6
setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[4]})
}
`,
  },
  *scenario({ scenario, vocabulary, profile }) {
    const kernels = kernelsAsked(scenario, profile).all;
    if (kernels.length === 0) return;
    const newer = (alias: { readonly on?: string } | undefined): boolean =>
      alias?.on !== undefined && kernels.every((kernel) => rangeTextContains(alias.on!, kernel));
    if (![...aliasOf.values()].some(newer)) return;
    for (const index of linesOfKind(scenario, 'syscall')) {
      const line = scenario.lines[index]!;
      if (!line.text.includes('KVM_DEV_VFIO_GROUP')) continue;
      const word = rolesOf(line, vocabulary).findLast(
        ({ role, text }) => role === 'constant' && newer(aliasOf.get(text)),
      );
      const alias = word && aliasOf.get(word.text);
      if (word === undefined || alias === undefined) continue;
      const message = `From v6.6 on \`${word.text}\` is called \`${alias.name}\`, which takes a device file as well as a group.`;
      yield { line: index, span: word.span, message, ...renamingFix(line, index, vocabulary, newer) };
    }
  },
};
