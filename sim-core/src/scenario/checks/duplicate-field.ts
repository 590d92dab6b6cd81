import type { Check } from './check.ts';
import { structuresOf } from './expected-values.ts';

export const duplicateField: Check = {
  code: 'duplicate-field',
  severity: 'error',
  doc: 'A field of a structure is written twice: which value counts would be a guess.',
  sources: ['linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {flags=0, type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=1})
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=1})
}
`,
  },
  of: ['syscall'],
  *line({ line, vocabulary }) {
    if (line.content.kind !== 'syscall') return;
    for (const { expr } of structuresOf(line.content, vocabulary)) {
      const seen = new Set<string>();
      for (const { name, span } of expr.fields) {
        if (seen.has(name.text)) yield { span, message: `The field \`${name.text}\` is written twice.` };
        seen.add(name.text);
      }
    }
  },
};
