import type { Check } from './check.ts';
import { leftOutNames, leftOutOnMachine, machineKnown } from './left-out.ts';
import { LINES_WITH_OPTIONS } from './lines-with-options.ts';

export const notModelled: Check = {
  code: 'not-modelled',
  severity: 'error',
  doc: 'A request, constant or field of the kernel, a number that stands for one, an option or an instruction that belongs to a part which Snoopscope leaves out. A run could only pretend that it had been made.',
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
  of: ['syscall', ...LINES_WITH_OPTIONS],
  *line({ line, vocabulary }) {
    yield* leftOutNames(line, vocabulary);
  },
  *scenario(subject) {
    const machine = machineKnown(subject);
    for (const [index, line] of subject.scenario.lines.entries()) {
      for (const { span, message } of leftOutOnMachine(line, subject.vocabulary, machine))
        yield { line: index, span, message };
    }
  },
};
