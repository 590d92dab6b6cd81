import { didYouMean, nearest } from '../suggest.ts';
import { constantsOf } from '../vocabulary.ts';
import { type Check, replacing } from './check.ts';
import { unknownConstants } from './constant-names.ts';

const SETS: ReadonlySet<string> = new Set(['kvm-vfio-group', 'kvm-vfio-attr']);

export const unknownAttribute: Check = {
  code: 'unknown-attribute',
  severity: 'error',
  doc: 'An attribute or attribute group of a KVM device that does not exist. KVM_SET_DEVICE_ATTR would return ENXIO; to try that on purpose, write the number.',
  sources: ['linux: include/uapi/linux/kvm.h', 'kernel doc: virt/kvm/devices/vfio.rst'],
  examples: {
    bad: `setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_AD, addr=[4]})
}
`,
    good: `setup {
  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[4]})
}
`,
  },
  of: ['syscall'],
  *line(subject) {
    for (const { name, span, set, struct } of unknownConstants(subject)) {
      if (set === undefined || !SETS.has(set)) continue;
      const meant = nearest(
        name,
        constantsOf(set).map((constant) => constant.name),
      );
      const group = struct?.fields.find((field) => field.name.text === 'group')?.value;
      const of =
        set === 'kvm-vfio-attr' && group?.kind === 'in' && group.expr.kind === 'name'
          ? `an attribute of ${group.expr.name}`
          : 'an attribute group of a KVM device';
      yield { span, message: `Expected ${of}, found \`${name}\`${didYouMean(meant)}`, ...replacing(span, meant) };
    }
  },
};
