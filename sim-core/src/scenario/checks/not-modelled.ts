import { type LeftOut, leftOutConstant, leftOutRequest } from '../../ops/not-modelled.ts';
import type { Check } from './check.ts';
import { namesIn } from './constant-names.ts';
import { expectedValues } from './expected-values.ts';

export const notModelled: Check = {
  code: 'not-modelled',
  severity: 'error',
  doc: 'A request or constant of the kernel that belongs to a part which Snoopscope leaves out. A run could only pretend that it had been made.',
  sources: ['docs/fidelity.md, "What is left out"'],
  examples: {
    bad: `kernel v6.8
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_GUEST_MEMFD, 0)
}
`,
    good: `kernel v6.8
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
}
`,
  },
  of: ['syscall'],
  *line({ line, vocabulary }) {
    const call = line.content;
    if (call.kind !== 'syscall') return;
    const request = call.call.text === 'ioctl' ? call.args[1] : undefined;
    if (request?.kind === 'name' && !vocabulary.requests.has(request.name)) {
      const part = leftOutRequest(request.name);
      if (part) yield { span: request.span, message: sentence(request.name, part) };
    }
    for (const { expr } of expectedValues(call, vocabulary)) {
      for (const { name, span } of namesIn(expr)) {
        const part = leftOutConstant(name);
        if (part) yield { span, message: sentence(name, part) };
      }
    }
  },
};

function sentence(name: string, { part, doc }: LeftOut): string {
  return `\`${name}\` belongs to ${part}, which is not modelled. ${doc}`;
}
