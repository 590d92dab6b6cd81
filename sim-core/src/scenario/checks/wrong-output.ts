import { type Check, list } from './check.ts';
import { structuresOf } from './expected-values.ts';

/** The one structure in which `field=>NULL` is modelled. */
export const UNWRITABLE_STRUCT = 'kvm_create_device';
export const UNWRITABLE_FIELD =
  'An output field that the kernel cannot write is modelled for KVM_CREATE_DEVICE only: bind it to a name.';

export const wrongOutput: Check = {
  code: 'wrong-output',
  severity: 'error',
  doc: '`field=>name` reads what the kernel writes into a structure; the kernel writes nothing into this field.',
  sources: ['linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=>t, fd=>dev})
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
      const outputs = struct.fields.filter((field) => field.output).map((field) => field.name);
      for (const { name, value, span } of expr.fields) {
        if (value.kind === 'in' || !struct.fields.some((field) => field.name === name.text)) continue;
        if (outputs.includes(name.text)) {
          if (value.bind.text === 'NULL' && struct.name !== UNWRITABLE_STRUCT)
            yield { span: value.bind.span, message: UNWRITABLE_FIELD };
          continue;
        }
        const known = outputs.length === 0 ? 'It writes nothing into this structure.' : `It writes ${list(outputs)}.`;
        yield { span, message: `The kernel does not write \`${name.text}\` of struct ${struct.name}. ${known}` };
      }
    }
  },
};
