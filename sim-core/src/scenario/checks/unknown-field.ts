import { leftOutField } from '../../ops/not-modelled.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, replacing } from './check.ts';
import { structuresOf } from './expected-values.ts';

export const unknownField: Check = {
  code: 'unknown-field',
  severity: 'error',
  doc: 'The structure of the kernel has no field of this name.',
  sources: ['linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {typ=KVM_DEV_TYPE_VFIO, fd=>dev})
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev})
}
`,
  },
  of: ['syscall'],
  *line({ line, vocabulary }) {
    if (line.content.kind !== 'syscall') return;
    for (const { expr, struct } of structuresOf(line.content, vocabulary)) {
      if (struct === undefined) continue;
      const names = struct.fields.map((field) => field.name);
      for (const { name } of expr.fields) {
        if (names.includes(name.text) || leftOutField(name.text)) continue;
        const meant = nearest(name.text, names);
        const known = meant === undefined ? ` It has ${list(names)}.` : '';
        yield {
          span: name.span,
          message: `struct ${struct.name} has no field \`${name.text}\`${didYouMean(meant)}${known}`,
          ...replacing(name.span, meant),
        };
      }
    }
  },
};
